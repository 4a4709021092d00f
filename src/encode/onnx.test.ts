import { expect, test } from 'vitest'
import { LateenError } from '../errors.ts'
import { failedRun, type OnnxSession, onnxSession, unusable } from './onnx.ts'

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

test('a graph that cannot be used is let go of at once', () => {
  let isReleased = false
  const session: OnnxSession = {
    inputMetadata: [{ name: 'pixels', type: 'float32', shape: [1, 3, 224, 224] }],
    outputMetadata: [],
    run: async () => ({}),
    async release() {
      isReleased = true
    },
  }
  expect(() => onnxSession({ Tensor: class {} as never }, session, 'wasm')).toThrow(/pixels/)
  expect(isReleased).toBe(true)
})

test('an error of ours keeps its code', () => {
  const error = new LateenError('network', 'no route')
  expect(unusable('ONNX Runtime', error)).toBe(error)
})

test.each([
  ['Non-zero status code: indices element out of data bounds, idx=64', 'model-unsupported'],
  ['std::bad_alloc', 'model-too-large'],
])('a run that fails with %s says on what, and what to try', (reason, code) => {
  expect(failedRun(new Error(reason), { batch: 1, seq: 512 })).toMatchObject({
    code,
    message: expect.stringMatching(/on a text of 512 tokens: .*\. .*set a smaller length/),
  })
})
