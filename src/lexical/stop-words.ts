/** English function words: they carry the grammar of a question, hardly its subject. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about after again all also am an and any are as at be because been before being between both but by can
  could did do does doing don during each either for from further had has have having he her here hers him his how
  however i if in into is it its itself just ll may me might more most must my no nor not of off on once only or
  other our out over own re s same shall she should so some such t than that the their them then there these they
  this those through thus to too under until up upon us ve very was we were what when where whether which while who
  whom whose why will with within would you your`.split(/\s+/),
)

/** @param surface a folded word */
export function isStopWord(surface: string): boolean {
  return STOP_WORDS.has(surface)
}
