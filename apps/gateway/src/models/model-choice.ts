import { DomainError, parseId } from '@parley/contracts';

const ASSISTANT_PREFIX = 'asst_';

/**
 * What a client names as `model`: the default, an assistant or a provider's model.
 * @throws DomainError `model_not_found` for something that looks like an assistant and is none
 */
export function modelChoice(model: string): { assistantId?: string; model?: string } {
  if (model === 'default') return {};
  if (!model.startsWith(ASSISTANT_PREFIX)) return { model };
  const assistantId = parseId('assistant', model);
  if (assistantId === null) throw modelNotFound(model);
  return { assistantId };
}

export function modelNotFound(model: string, param = 'model'): DomainError {
  return new DomainError('model_not_found', `The model ${JSON.stringify(model)} does not exist.`, { param });
}
