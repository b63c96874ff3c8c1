import { jest } from '@jest/globals';

/** Specs on real services wait for them; Jest takes `testTimeout` from no project, only for all of them. */
jest.setTimeout(30_000);
