/**
 * Hierarchical clustering with Ward's criterion, bit for bit as `scipy.cluster.hierarchy.linkage(d, 'ward')`
 * and `fcluster(…, criterion='maxclust')` do it: the nearest-neighbour chain (Murtagh 1983; Müllner,
 * arXiv 1109.2378 §3.2) with the Lance–Williams update for Ward, then a cut into at most k clusters.
 */

/**
 * Pairwise distances of n points as the lower triangle, row by row: the distance of i and j < i is at
 * `i(i − 1)/2 + j`. Values are finite and not negative.
 */
export type TriangularDistances = Float64Array

/** n − 1 merges in ascending height. Nodes 0 … n−1 are the points, node n+i is the result of merge i. */
export interface MergeTree {
  readonly numPoints: number
  /** The smaller node number of each merge. */
  readonly left: Int32Array
  /** The larger node number of each merge. */
  readonly right: Int32Array
  readonly heights: Float64Array
}

/** Builds the Ward tree of n ≥ 1 points. O(n²) time; `distances` is overwritten. */
export function wardTree(distances: TriangularDistances, numPoints: number): MergeTree {
  const merges = chainMerges(distances, numPoints)
  return sortAndName(merges, numPoints)
}

/**
 * Cuts the tree at the smallest height that leaves at most `maxClusters` clusters; merges of equal
 * height are all made or all left, so ties can leave fewer.
 *
 * @returns one cluster number per point, counted from 0 in the order in which scipy walks the tree
 */
export function cutTree(tree: MergeTree, maxClusters: number): { labels: Int32Array; numClusters: number } {
  const { numPoints, left, right, heights } = tree
  const nodeLabels = new Int32Array(2 * numPoints - 1)
  let made = Math.max(numPoints - maxClusters, 0)
  while (made > 0 && made < heights.length && heights[made] === heights[made - 1]) made++

  // scipy descends into inner nodes before it numbers single points, left before right in both rounds.
  let numClusters = 0
  const pending = [2 * numPoints - 2]
  while (pending.length > 0) {
    const node = pending.pop()!
    if (node < numPoints + made) {
      nodeLabels[node] = numClusters++
      continue
    }
    const l = left[node - numPoints]!
    const r = right[node - numPoints]!
    if (r < numPoints) pending.push(r)
    if (l < numPoints) pending.push(l)
    if (r >= numPoints) pending.push(r)
    if (l >= numPoints) pending.push(l)
  }
  for (let i = made - 1; i >= 0; i--) {
    const label = nodeLabels[numPoints + i]!
    nodeLabels[left[i]!] = label
    nodeLabels[right[i]!] = label
  }
  return { labels: nodeLabels.subarray(0, numPoints), numClusters }
}

/** Merges in the order the chain finds them; each names two clusters by their largest point. */
interface ChainMerges {
  readonly dropped: Int32Array
  readonly kept: Int32Array
  readonly heights: Float64Array
}

function chainMerges(distances: TriangularDistances, numPoints: number): ChainMerges {
  const numMerges = numPoints - 1
  const dropped = new Int32Array(numMerges)
  const kept = new Int32Array(numMerges)
  const heights = new Float64Array(numMerges)
  const sizes = new Int32Array(numPoints).fill(1)
  const rowStart = Int32Array.from({ length: numPoints }, (_, i) => (i * (i - 1)) / 2)
  // Ascending, so that of equal distances the smallest point wins, as it does in scipy.
  const active = Int32Array.from({ length: numPoints }, (_, i) => i)
  let numActive = numPoints
  const chain = new Int32Array(numPoints)
  let chainLength = 0

  for (let merge = 0; merge < numMerges; merge++) {
    if (chainLength === 0) chain[chainLength++] = active[0]!
    let x: number
    let y: number
    let nearest: number
    for (;;) {
      x = chain[chainLength - 1]!
      const previous = chainLength > 1 ? chain[chainLength - 2]! : -1
      // Starting from the previous link makes it win ties; otherwise the chain could run in circles.
      y = previous
      nearest = previous < 0 ? Number.POSITIVE_INFINITY : distances[at(rowStart, x, previous)]!
      const rowOfX = rowStart[x]!
      let a = 0
      for (; active[a]! < x; a++) {
        const distance = distances[rowOfX + active[a]!]!
        if (distance < nearest) {
          nearest = distance
          y = active[a]!
        }
      }
      for (a++; a < numActive; a++) {
        const distance = distances[rowStart[active[a]!]! + x]!
        if (distance < nearest) {
          nearest = distance
          y = active[a]!
        }
      }
      if (y === previous) break
      chain[chainLength++] = y
    }
    chainLength -= 2

    const drop = Math.min(x, y)
    const keep = Math.max(x, y)
    dropped[merge] = drop
    kept[merge] = keep
    heights[merge] = nearest
    const sizeDrop = sizes[drop]!
    const sizeKeep = sizes[keep]!
    sizes[keep] = sizeDrop + sizeKeep
    const gone = active.indexOf(drop)
    active.copyWithin(gone, gone + 1, numActive--)
    for (let a = 0; a < numActive; a++) {
      const i = active[a]!
      if (i === keep) continue
      const size = sizes[i]!
      const toDrop = distances[at(rowStart, i, drop)]!
      const target = at(rowStart, i, keep)
      const toKeep = distances[target]!
      const t = 1 / (sizeDrop + sizeKeep + size)
      distances[target] = Math.sqrt(
        (size + sizeDrop) * t * toDrop * toDrop +
          (size + sizeKeep) * t * toKeep * toKeep -
          size * t * nearest * nearest,
      )
    }
  }
  return { dropped, kept, heights }
}

function at(rowStart: Int32Array, i: number, j: number): number {
  return i > j ? rowStart[i]! + j : rowStart[j]! + i
}

/** Orders merges by height, equal ones as found, and names clusters by node numbers. */
function sortAndName({ dropped, kept, heights }: ChainMerges, numPoints: number): MergeTree {
  const order = Int32Array.from(heights.keys()).sort((a, b) => heights[a]! - heights[b]! || a - b)
  const left = new Int32Array(order.length)
  const right = new Int32Array(order.length)
  const parents = Int32Array.from({ length: 2 * numPoints - 1 }, (_, node) => node)
  const root = (point: number) => {
    let node = point
    while (parents[node] !== node) node = parents[node] = parents[parents[node]!]!
    return node
  }
  order.forEach((merge, i) => {
    const a = root(dropped[merge]!)
    const b = root(kept[merge]!)
    left[i] = Math.min(a, b)
    right[i] = Math.max(a, b)
    parents[a] = parents[b] = numPoints + i
  })
  return { numPoints, left, right, heights: Float64Array.from(order, (merge) => heights[merge]!) }
}
