/** A worker for tests: the real protocol over an engine that does as it is told. */
import { LateenError } from '../errors.ts'
import { fakeEngine } from './fake-engine.web.ts'
import { listen } from './serve.ts'

listen(self, async (options, { onProgress }) => {
  if (options.name === 'refuse') throw new LateenError('index-not-found', 'Nothing here.')
  return fakeEngine(options, onProgress)
})
