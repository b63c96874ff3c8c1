import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runCli } from './fixtures/run-cli.fixture.js';

describe('the command line', () => {
  it('tells every command in its help, and the exit codes', async () => {
    const { exitCode, out } = await runCli(['--help']);
    expect(exitCode).toBe(0);
    for (const name of ['migrate', 'create-admin', 'doctor', 'smoke-test', 'dead-letters']) expect(out).toContain(name);
    expect(out).toContain('Exit codes');
  });

  it('refuses what it does not know, and guesses what was meant', async () => {
    expect(await runCli(['doctr'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('Did you mean doctor?'),
    });
    expect(await runCli(['doctor', '--bogus'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('parley doctor --help'),
    });
    expect((await runCli(['create-admin'])).exitCode).toBe(2);
  });

  it('tells settings that are wrong as usage, for people and for programs', async () => {
    const forPeople = await runCli(['migrate']);
    expect(forPeople).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining('DATABASE_URL is required') });
    const forPrograms = await runCli(['migrate', '--json']);
    expect(forPrograms.json()).toMatchObject({
      error: { code: 'usage', message: expect.stringContaining('DATABASE_URL') },
    });
  });

  it('tells a database that does not answer', async () => {
    const DATABASE_URL = 'postgres://parley:parley@127.0.0.1:1/parley';
    expect(await runCli(['migrate'], { DATABASE_URL })).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('127.0.0.1:1 cannot be reached'),
    });
  });

  it('never shows the password of the database', async () => {
    const DATABASE_URL = 'postgres://parley:sesame@127.0.0.1:1/parley';
    const { out, err } = await runCli(['doctor', '--json'], { DATABASE_URL, UPLOAD_DIR: '/nowhere/at/all' });
    expect(out).toContain('127.0.0.1:1');
    expect(out + err).not.toContain('sesame');
  });

  it('finds faults and likely typing errors in the settings of an app', async () => {
    const run = await runCli(['validate-env', '--app', 'memory', '--json'], { RABBITMQ_URI: 'amqp://localhost' });
    expect(run.exitCode).toBe(3);
    expect(run.json()).toMatchObject({
      valid: false,
      faults: expect.arrayContaining([expect.stringContaining('RABBITMQ_URL is required')]),
      warnings: ['RABBITMQ_URI is not read by any app; is RABBITMQ_URL meant?'],
    });
  });
});

describe('commands that ask the API', () => {
  let server: Server;

  afterEach(() => void server.close());

  /** Answers each path with what is given for it, and keeps what came. */
  const serve = async (answers: Record<string, { status?: number; body: unknown }[]>) => {
    const requests: { path: string; body: string }[] = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => (body += String(piece)));
      request.on('end', () => {
        requests.push({ path: request.url!, body });
        const { status = 200, body: answer } = answers[request.url!.split('?')[0]!]?.shift() ?? {
          status: 404,
          body: {},
        };
        response.writeHead(status).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const PARLEY_URL = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    return { requests, environment: { PARLEY_URL, PARLEY_API_KEY: 'pk_test' } };
  };

  it('need a key', async () => {
    server = createServer();
    const run = await runCli(['smoke-test'], { PARLEY_DATA_DIR: '/nowhere' });
    expect(run).toMatchObject({ exitCode: 2, err: expect.stringContaining('PARLEY_API_KEY') });
  });

  it('retry dead letters batch by batch until none is left', async () => {
    const { requests, environment } = await serve({
      '/api/v1/dead-letters/replay': [
        { body: { ids: ['job_1', 'job_2'], remaining: 1 } },
        { body: { ids: ['job_3'], remaining: 0 } },
      ],
    });
    const run = await runCli(['dead-letters', 'retry', '--all', '--code', 'pdf_broken', '--json'], environment);
    expect(run.json()).toEqual({ ids: ['job_1', 'job_2', 'job_3'] });
    expect(requests.map(({ body }) => JSON.parse(body))).toEqual(Array(2).fill({ code: 'pdf_broken', limit: 100 }));
  });

  it('ask before they settle all dead letters', async () => {
    const { requests, environment } = await serve({});
    expect((await runCli(['dead-letters', 'discard'], environment)).exitCode).toBe(2);
    expect(requests).toEqual([]);
  });

  it('smoke-test a streamed answer, and find one that breaks off', async () => {
    const health = { body: { status: 'healthy', version: '1.0.0' } };
    const chunk = `data: ${JSON.stringify({ choices: [{ delta: { content: 'Hello' } }] })}\n\n`;
    const { environment } = await serve({
      '/health': [health, health],
      '/v1/chat/completions': [{ body: `${chunk}data: [DONE]\n\n` }, { body: chunk }],
    });
    const passed = await runCli(['smoke-test', 'asst_1', 'Well?', '--json'], environment);
    expect(passed).toMatchObject({ exitCode: 0 });
    expect(passed.json()).toMatchObject({ passed: true, steps: [{ name: 'health' }, { name: 'answer', ok: true }] });
    const failed = await runCli(['smoke-test'], environment);
    expect(failed).toMatchObject({ exitCode: 3, out: expect.stringContaining('without saying that it is over') });
  });

  it('start a rollout, and tell how one ended: rolled back is a finding', async () => {
    const flag = '/api/metrics/feature-flags/streaming';
    const rollout = {
      ...{ feature: 'streaming', state: 'running', stage: 0, verdict: null },
      stages: [{ percentage: 10, watch_seconds: 60 }],
    };
    const verdict = { decision: 'roll_back', reason: '5 of 100 answers failed recently', judged_at: '' };
    const { requests, environment } = await serve({
      [`${flag}/rollouts`]: [{ body: rollout }, { body: { data: [{ ...rollout, state: 'rolled_back', verdict }] } }],
      [`${flag}/changes`]: [{ body: { data: [{ cause: 'set', percentage: 0, reason: null, created_at: 'today' }] } }],
      '/api/metrics/feature-flags/rollout': [{ body: { feature: 'streaming', percentage: 0 } }],
    });
    const started = await runCli(['rollout', 'start', 'streaming', '--watch', '60', '--min-runs', '7'], environment);
    expect(started).toMatchObject({ exitCode: 0, out: 'streaming is running (stage 1 of 1, 10 %)\n' });
    const { stages, gates } = JSON.parse(requests[0]!.body) as { stages: object[]; gates: object };
    expect([stages.length, stages[0], gates]).toEqual([8, { percentage: 1, watch_seconds: 60 }, { min_runs: 7 }]);
    const status = await runCli(['rollout', 'status', 'streaming'], environment);
    expect(status).toMatchObject({ exitCode: 3 });
    expect(status.out).toContain(
      'rolled back (stage 1 of 1, 10 %): 5 of 100 answers failed recently\n  today  set 0 %',
    );
    expect((await runCli(['rollout', 'set', 'streaming', '0'], environment)).out).toContain('0 % of the users');
    expect((await runCli(['rollout', 'set', 'streaming', '101'], environment)).exitCode).toBe(2);
  });

  it('tell what the API refuses', async () => {
    const { environment } = await serve({
      '/api/v1/dead-letters': [{ status: 401, body: { title: 'Unauthorized', detail: 'Who are you?' } }],
    });
    const run = await runCli(['dead-letters', 'list'], environment);
    expect(run).toMatchObject({ exitCode: 1, err: expect.stringContaining('401: Who are you?') });
  });
});
