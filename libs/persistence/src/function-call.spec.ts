import { expect, it } from '@jest/globals';
import { functionCall } from './function-call.js';

it('names every argument', () => {
  expect(functionCall('chat.begin_run', { run: 'r', is_new: false })).toEqual({
    sql: 'select chat.begin_run(p_run => $1, p_is_new => $2) as result',
    values: ['r', false],
  });
});
