/** `lateen model`: what it takes to bring a model along. */
import type { Command } from 'commander'
import { addConvertCommand } from './model-convert.ts'
import { addPullCommand } from './model-pull.ts'
import { addCheckCommand, addShowCommand } from './model-show.ts'
import { addListCommand, addRemoveCommand } from './model-stored.ts'

export function addModelCommand(program: Command, signal: AbortSignal): void {
  const model = program
    .command('model')
    .description('Fetch models, describe and check them, make them from a checkpoint')
    .addHelpText(
      'after',
      `
A model is named by its folder, its URL, lateen-mini for the bundled one, or hub:owner/name[@revision] for
one of a Hub (owner/name alone where no such folder exists). HF_ENDPOINT names another Hub, HF_TOKEN opens
gated and private models, LATEEN_MODELS is where models are stored.

Examples:
  $ lateen model pull hub:owner/name
  $ lateen model check hub:owner/name
  $ lateen model show public/models/my-model
  $ lateen model list
  $ lateen model remove hub:owner/name`,
    )
  addShowCommand(model, signal)
  addCheckCommand(model, signal)
  addPullCommand(model, signal)
  addListCommand(model)
  addRemoveCommand(model)
  addConvertCommand(model, signal)
}
