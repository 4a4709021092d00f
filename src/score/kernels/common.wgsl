// Put in front of every kernel. A tile is four query tokens, the lanes of a vec4f; tiles come in pairs.

struct Call {
  tokens: u32,
  tiles: u32,
  passages: u32,
}

struct Codec {
  dim: u32,
  bits: u32,
  // Words of codes per vector.
  rowWords: u32,
  // Bits of one stored centroid id: 8 or 16.
  idBits: u32,
  centroids: u32,
  weightStep: f32,
  weights: array<vec4f, 4>,
  scales: array<vec4f, 4>,
}

@group(0) @binding(0) var<uniform> call: Call;
@group(0) @binding(1) var<uniform> codec: Codec;

// A dispatch has at most 65,535 groups per dimension; larger ones are folded into rows.
fn flat(id: vec3u, groups: vec3u) -> u32 {
  return id.y * groups.x + id.x;
}
