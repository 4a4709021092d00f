// Residual codes: scale · (query · centroid + step · Σ query · weight[code]).

@group(0) @binding(6) var<storage, read> codes: array<u32>;
@group(0) @binding(7) var<storage, read> centroidIds: array<u32>;
@group(0) @binding(8) var<storage, read> scaleCodes: array<u32>;
@group(0) @binding(9) var<storage, read> table: array<vec4f>;

var<workgroup> weights: array<f32, 16>;

fn prepare(local: u32) {
  if (local < 16) { weights[local] = codec.weights[local / 4][local % 4] * codec.weightStep; }
  workgroupBarrier();
}

fn similarities(vector: u32, tile: u32) -> array<vec4f, 2> {
  // Byte j of a row holds dimensions j, j + planeBytes, j + 2 · planeBytes … from the lowest bits up.
  let planeBytes = codec.dim * codec.bits / 8;
  let mask = (1u << codec.bits) - 1;
  var first = vec4f(0);
  var second = vec4f(0);
  for (var j = 0u; j < planeBytes; j++) {
    var byte = (codes[vector * codec.rowWords + j / 4] >> (8 * (j % 4))) & 0xff;
    var at = tile * codec.dim + j;
    for (var bit = 0u; bit < 8; bit += codec.bits) {
      let weight = weights[byte & mask];
      first += weight * query[at];
      second += weight * query[at + codec.dim];
      byte >>= codec.bits;
      at += planeBytes;
    }
  }
  let idsPerWord = 32 / codec.idBits;
  let id = (centroidIds[vector / idsPerWord] >> (codec.idBits * (vector % idsPerWord))) & ((1u << codec.idBits) - 1);
  let level = (scaleCodes[vector / 8] >> (4 * (vector % 8))) & 15;
  let scale = codec.scales[level / 4][level % 4];
  let strip = id * call.tiles + tile;
  return array(scale * (table[strip] + first), scale * (table[strip + 1] + second));
}
