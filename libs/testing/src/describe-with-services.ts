import type { describe as JestDescribe } from '@jest/globals';
import { missingProviderReason, missingReason } from './test-services.js';

/** `describe` for specs that need the real servers; without them it is skipped and says why. */
export function describeWithServices(name: string, define: () => void): void {
  describeUnless(missingReason(), name, define);
}

/** `describe` for specs that stop and start servers of their own; skipped, saying why, where none can be started. */
export function describeWithPrivateServers(name: string, define: () => void): void {
  describeUnless(missingProviderReason(), name, define);
}

function describeUnless(reason: string | null, name: string, define: () => void): void {
  // Importing Jest's globals would keep everything else of this package from being used outside of Jest.
  const { describe } = globalThis as unknown as { describe: typeof JestDescribe };
  if (reason === null) return describe(name, define);
  console.warn(`skipped: ${name}: ${reason}`);
  describe.skip(name, define);
}
