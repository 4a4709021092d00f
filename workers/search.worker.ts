/** The search worker: the engine as a browser can run it, behind the typed protocol. */
import { openEngine } from '../src/client/host.web.ts'
import { listen } from '../src/client/serve.ts'

// ONNX Runtime starts its threads by loading this very script again, under this name.
if (!self.name.startsWith('em-pthread')) listen(self, openEngine)
