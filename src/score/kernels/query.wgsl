// Makes the tables of one query: the query by tiles, and the scores of all centroids.

// numTokens × dim f32, row-major, as bits: only bits can be tested for NaN. May be longer than that.
@group(0) @binding(2) var<storage, read> source: array<u32>;
// [tile][dim] of four tokens, zero beyond the last token.
@group(0) @binding(3) var<storage, read_write> query: array<vec4f>;
// The last element becomes 1 when the query is not finite.
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn pack(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat(group, groups) * 64 + local;
  if (at >= call.tiles * codec.dim) { return; }
  let tile = at / codec.dim;
  let d = at % codec.dim;
  var lanes = vec4f(0);
  for (var lane = 0u; lane < 4; lane++) {
    let token = 4 * tile + lane;
    if (token >= call.tokens) { break; }
    let bits = source[token * codec.dim + d];
    if ((bits & 0x7f800000) == 0x7f800000) { scores[call.passages] = 1; }
    lanes[lane] = bitcast<f32>(bits);
  }
  query[at] = lanes;
}

// numCentroids × dim f32, row-major.
@group(0) @binding(5) var<storage, read> centroids: array<f32>;
// [centroid][tile] of four tokens: the scores of one centroid are neighbours.
@group(0) @binding(6) var<storage, read_write> table: array<vec4f>;

@compute @workgroup_size(64)
fn centroidScores(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
                  @builtin(local_invocation_index) local: u32) {
  let at = flat(group, groups) * 64 + local;
  if (at >= call.tiles * codec.centroids) { return; }
  let row = at / call.tiles * codec.dim;
  let tile = at % call.tiles * codec.dim;
  var sum = vec4f(0);
  for (var d = 0u; d < codec.dim; d++) { sum += query[tile + d] * centroids[row + d]; }
  table[at] = sum;
}
