import { jest } from '@jest/globals';

/**
 * A busy machine makes everything slow, and a deadline of a spec is there to end what hangs. Jest takes `testTimeout` from
 * no project, only for all of them.
 */
jest.setTimeout(240_000);
