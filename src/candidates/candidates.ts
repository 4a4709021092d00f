/** Which passages of a segment are worth an exact score. */
export interface Candidates {
  /**
   * @param numPassages of the segment
   * @param allows      false for passages that are removed or filtered out. @default all are allowed
   * @returns           ascending, distinct passage numbers
   */
  select(numPassages: number, allows?: (passage: number) => boolean): Uint32Array
}
