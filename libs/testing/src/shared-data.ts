import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './services/repository.js';

/**
 * Absolute path of a file or folder below `../shared/data` beside the repository, for example
 * `documents/pdf/tracemonkey.pdf`; null where these data are not at hand.
 */
export function sharedData(path: string): string | null {
  const absolute = join(repositoryRoot, '..', 'shared', 'data', path);
  return existsSync(absolute) ? absolute : null;
}
