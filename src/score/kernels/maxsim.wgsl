// One workgroup per passage, one thread per vector. A kernel for a codec follows and defines
// similarities(vector, tile): two tiles of similarities of one vector.

@group(0) @binding(2) var<storage, read> passages: array<u32>;
@group(0) @binding(3) var<storage, read> offsets: array<u32>;
@group(0) @binding(4) var<storage, read> query: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;

const THREADS = 64u;
const LOWEST = -3.4e38;

var<workgroup> best: array<array<vec4f, 2>, THREADS>;

@compute @workgroup_size(THREADS)
fn maxSim(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) local: u32) {
  let at = flat(group, groups);
  if (at >= call.passages) { return; }
  let passage = passages[at];
  let start = offsets[passage];
  let end = offsets[passage + 1];
  if (start == end) {
    if (local == 0) { scores[at] = 0; }
    return;
  }
  prepare(local);
  var sum = vec4f(0);
  for (var tile = 0u; tile < call.tiles; tile += 2) {
    var mine = array(vec4f(LOWEST), vec4f(LOWEST));
    for (var vector = start + local; vector < end; vector += THREADS) {
      let found = similarities(vector, tile);
      mine[0] = max(mine[0], found[0]);
      mine[1] = max(mine[1], found[1]);
    }
    best[local] = mine;
    for (var half = THREADS / 2; half > 0; half /= 2) {
      workgroupBarrier();
      if (local < half) {
        best[local][0] = max(best[local][0], best[local + half][0]);
        best[local][1] = max(best[local][1], best[local + half][1]);
      }
    }
    if (local == 0) { sum += best[0][0] + best[0][1]; }
    // The last step read a neighbour, which must not start on the next tiles before that.
    workgroupBarrier();
  }
  // Tokens beyond the last are zero and add nothing.
  if (local == 0) { scores[at] = dot(sum, vec4f(1)); }
}
