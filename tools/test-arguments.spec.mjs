import { describe, expect, it } from '@jest/globals';
import { parseTestArguments } from './test-arguments.mjs';

describe('the arguments of npm test', () => {
  it('go to Jest, after a number of workers that suits the machine', () => {
    expect(parseTestArguments(['libs/messaging', '-t', 'acks'], 1)).toEqual({
      isUnitOnly: false,
      jestArguments: ['--config=jest.config.mjs', '--maxWorkers=2', 'libs/messaging', '-t', 'acks'],
    });
    expect(parseTestArguments([], 16).jestArguments).toContain('--maxWorkers=4');
  });

  it('leave the number of workers to who names one', () => {
    expect(parseTestArguments(['libs/llm', '-i'], 8).jestArguments).toEqual([
      '--config=jest.config.mjs',
      'libs/llm',
      '-i',
    ]);
    expect(parseTestArguments(['--maxWorkers=1'], 8).jestArguments).not.toContain('--maxWorkers=4');
  });

  it('narrow the run to the unit tests with --unit', () => {
    expect(parseTestArguments(['--unit', 'libs/llm'], 2)).toEqual({
      isUnitOnly: true,
      jestArguments: ['--selectProjects=unit', '--config=jest.config.mjs', '--maxWorkers=2', 'libs/llm'],
    });
  });
});
