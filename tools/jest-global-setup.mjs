import { randomBytes } from 'node:crypto';

/** Names the run for all workers: its databases carry the name. */
export default function setUp() {
  process.env.TEST_RUN_ID = randomBytes(4).toString('hex');
}
