import { Command, InvalidArgumentError } from 'commander';
import { action, type Answer, type Work } from '../action.js';
import { ApiClient, apiTarget } from '../api/api-client.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const FLAGS = '/api/metrics/feature-flags';

interface Target {
  url?: string;
}

interface Flag {
  feature: string;
  percentage: number;
  model: string | null;
  replacement: string | null;
}

interface Rollout {
  feature: string;
  state: 'running' | 'completed' | 'rolled_back' | 'stopped';
  stage: number;
  stages: { percentage: number; watch_seconds: number }[];
  verdict: { decision: string; reason: string; judged_at: string } | null;
}

interface Change {
  cause: string;
  percentage: number;
  reason: string | null;
  created_at: string;
}

export const rolloutCommand = (terminal: Terminal): Command => {
  const command = new Command('rollout').description(
    'feature flags: who has them, and taking them from some users to all',
  );
  command.addCommand(asking('list', 'all flags with their shares').action(action(terminal, list)));
  command.addCommand(
    asking('start', 'take a feature to all users by itself, stage by stage')
      .argument('<feature>')
      .option('--watch <seconds>', 'for each stage, instead of five days in all', seconds)
      .option('--min-runs <number>', 'answers that a stage needs at least', seconds)
      .action(action(terminal, start)),
  );
  command.addCommand(asking('status', 'how far it is, and why').argument('<feature>').action(action(terminal, status)));
  command.addCommand(asking('stop', 'stay where it is').argument('<feature>').action(action(terminal, stop)));
  command.addCommand(
    asking('set', 'set the share of users by hand; 0 takes it from everybody')
      .argument('<feature>')
      .argument('<percentage>', 'from 0 to 100', percentage)
      .action(action(terminal, set)),
  );
  return command;
};

const asking = (name: string, description: string): Command =>
  new Command(name).description(description).option('--url <url>', 'of the API, instead of PARLEY_URL');

const client = ({ terminal, signal }: Work, options: Target) =>
  new ApiClient(apiTarget(terminal.environment, options), signal);

async function list(work: Work, options: Target): Promise<Answer> {
  const { data } = await client(work, options).json<{ data: Flag[] }>('GET', FLAGS);
  const lines = data.map(({ feature, percentage: share, model, replacement }) => {
    const about = model === null ? '' : `  ${model} → ${replacement}`;
    return `${String(share).padStart(3)} %  ${feature}${about}`;
  });
  return { text: lines.join('\n'), data };
}

async function start(
  work: Work,
  feature: string,
  { watch, minRuns, ...options }: Target & { watch?: number; minRuns?: number },
): Promise<Answer> {
  const stages = [1, 5, 10, 25, 50, 75, 90, 100].map((share) => ({ percentage: share, watch_seconds: watch }));
  const body = {
    ...(watch === undefined ? {} : { stages }),
    ...(minRuns === undefined ? {} : { gates: { min_runs: minRuns } }),
  };
  const rollout = await client(work, options).json<Rollout>('POST', `${pathOf(feature)}/rollouts`, body);
  return { text: told(rollout), data: rollout };
}

/** With findings when it was rolled back. */
async function status(work: Work, feature: string, options: Target): Promise<Answer> {
  const api = client(work, options);
  const { data: rollouts } = await api.json<{ data: Rollout[] }>('GET', `${pathOf(feature)}/rollouts`);
  const { data: changes } = await api.json<{ data: Change[] }>('GET', `${pathOf(feature)}/changes`);
  const [newest] = rollouts;
  const history = changes.map(
    ({ created_at: at, cause, percentage: share, reason }) =>
      `  ${at}  ${cause} ${share} %${reason === null ? '' : `: ${reason}`}`,
  );
  return {
    text: [newest ? told(newest) : `${feature} was never rolled out.`, ...history].join('\n'),
    data: { rollout: newest ?? null, changes },
    ...(newest?.state === 'rolled_back' ? { exitCode: EXIT.findings } : {}),
  };
}

async function stop(work: Work, feature: string, options: Target): Promise<Answer> {
  const rollout = await client(work, options).json<Rollout>('POST', `${pathOf(feature)}/rollouts/stop`, {});
  return { text: told(rollout), data: rollout };
}

async function set(work: Work, feature: string, share: number, options: Target): Promise<Answer> {
  const flag = await client(work, options).json<Flag>('POST', `${FLAGS}/rollout`, { feature, percentage: share });
  return { text: `${flag.feature} is on for ${flag.percentage} % of the users.`, data: flag };
}

const pathOf = (feature: string) => `${FLAGS}/${encodeURIComponent(feature)}`;

function told({ feature, state, stage, stages, verdict }: Rollout): string {
  const place = `stage ${stage + 1} of ${stages.length}, ${stages[stage]!.percentage} %`;
  const why = verdict === null ? '' : `: ${verdict.reason}`;
  return `${feature} is ${state.replace('_', ' ')} (${place})${why}`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

function percentage(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 100) {
    throw new InvalidArgumentError('It must be a whole number from 0 to 100.');
  }
  return value;
}
