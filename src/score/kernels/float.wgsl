// Plain float32 vectors, row-major.

@group(0) @binding(6) var<storage, read> vectors: array<f32>;

fn prepare(local: u32) {}

fn similarities(vector: u32, tile: u32) -> array<vec4f, 2> {
  var first = vec4f(0);
  var second = vec4f(0);
  let at = tile * codec.dim;
  for (var d = 0u; d < codec.dim; d++) {
    let component = vectors[vector * codec.dim + d];
    first += component * query[at + d];
    second += component * query[at + codec.dim + d];
  }
  return array(first, second);
}
