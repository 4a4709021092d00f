import { expect, test } from 'vitest'
import { LateenError } from '../errors.ts'
import { unusable } from './onnx.ts'

test.each([
  ['std::bad_alloc', 'model-too-large'],
  ['RangeError: Array buffer allocation failed', 'model-too-large'],
  ['Aborted(OOM)', 'model-too-large'],
  ['ERROR_CODE: 7, ERROR_MESSAGE: Failed to load model because protobuf parsing failed.', 'model-invalid'],
  ['ERROR_CODE: 2, ERROR_MESSAGE: No graph was found in the protobuf.', 'model-invalid'],
  ['Failed to load external data file "model.onnx_data", error: Out of bounds.', 'model-invalid'],
  ['External data path validation failed for initializer: x', 'model-missing-file'],
  ['Fatal error: com.example:Sharpen(-1) is not a registered function/op', 'model-unsupported'],
])('%s is %s', (reason, code) => {
  expect(unusable('ONNX Runtime', new Error(reason))).toMatchObject({
    code,
    message: expect.stringContaining(reason),
  })
})

test('an error of ours keeps its code', () => {
  const error = new LateenError('network', 'no route')
  expect(unusable('ONNX Runtime', error)).toBe(error)
})
