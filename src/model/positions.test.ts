import { expect, test } from 'vitest'
import { learnedPositions } from './positions.ts'

test.each([
  [{ model_type: 'bert', max_position_embeddings: 512, pad_token_id: 0 }, 512],
  [{ model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 1 }, 512],
  [{ model_type: 'xlm-roberta', max_position_embeddings: 8194 }, 8192],
  [{ model_type: 'modernbert', max_position_embeddings: 8192 }, undefined],
  [{ model_type: 'bert' }, undefined],
  [{}, undefined],
])('of %o the longest text has %s tokens', (config, expected) => {
  expect(learnedPositions(config)).toBe(expected)
})
