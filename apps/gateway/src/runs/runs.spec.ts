import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelRun,
  type ControlRunPayload,
  DomainError,
  formatId,
  GetRun,
  GetRunEvents,
  type RunEvent,
} from '@parley/contracts';
import { COMPLETED, createRoutesApp, INTERRUPTED, type RoutesApp, runView, USAGE } from '../fixtures/routes.fixture.js';

const RUN = runView().id;
const RUN_ID = formatId('run', RUN);
const text = (value: string): RunEvent => ({ type: 'text', text: value });

/** What a stream of chunks says: the text, and the id of its last event. */
function said(body: string): { text: string; lastId: string | undefined; isDone: boolean } {
  const frames = body.split('\n\n').filter(Boolean);
  const deltas = frames.flatMap((frame) => {
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    return data?.startsWith('{"id"') ? [JSON.parse(data).choices[0]?.delta.content ?? ''] : [];
  });
  const ids = [...body.matchAll(/^id: (\d+)$/gm)].map((match) => match[1]);
  return { text: deltas.join(''), lastId: ids.at(-1), isDone: frames.at(-1) === 'data: [DONE]' };
}

describe('Runs', () => {
  let app: RoutesApp;
  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${app.url}/api/v1/runs/${path}`, { headers });
  const post = (path: string) => fetch(`${app.url}/api/v1/runs/${path}`, { method: 'POST' });

  it('show their state, their output and what they cost', async () => {
    const output = { text: 'Two years.', toolCalls: [], annotations: [] };
    app.bus.on(GetRun, () => runView({ status: 'completed', output, usage: USAGE, finishReason: 'stop' }));
    const run = await (await get(RUN_ID)).json();
    expect(run).toMatchObject({
      id: RUN_ID,
      object: 'run',
      status: 'completed',
      output: { text: 'Two years.', tool_calls: [], annotations: [] },
      usage: { total_tokens: 18 },
      usage_estimated: false,
      cost_micros: 1_234,
      requested_model: 'stub-model',
      timings_ms: { queue: 1, first_token: 12 },
    });
  });

  it('are stopped', async () => {
    app.bus.on(CancelRun, ({ id }) => runView({ id, status: 'cancelled' }));
    expect(await (await post(`${RUN_ID}/cancel`)).json()).toMatchObject({ id: RUN_ID, status: 'cancelled' });
    const completion = await fetch(`${app.url}/v1/chat/completions/${formatId('completion', RUN)}/cancel`, {
      method: 'POST',
    });
    expect(await completion.json()).toMatchObject({ id: RUN_ID, status: 'cancelled' });
  });

  it.each(['run_nonsense', formatId('conversation', RUN)])('are not found by %s', async (id) => {
    expect((await get(id)).status).toBe(404);
    expect((await get(`${id}/events`)).status).toBe(404);
    expect((await post(`${id}/cancel`)).status).toBe(404);
  });

  describe('that are heard again', () => {
    it('tell the rest from what is stored when they have ended', async () => {
      const run = runView({ status: 'completed' });
      app.bus.on(GetRunEvents, () => ({ run, state: 'ended' as const, events: [text('years.'), COMPLETED] }));
      const response = await get(`${RUN_ID}/events`, { 'last-event-id': '4' });
      expect(app.bus.asked(GetRunEvents)).toEqual([{ id: RUN, after: 4 }]);
      expect(said(await response.text())).toEqual({ text: 'years.', lastId: '11', isDone: true });
    });

    it('attach to the process that generates them, from any gateway', async () => {
      app.bus.on(GetRunEvents, () => ({ run: runView(), state: 'live' as const }));
      app.bus.onAttach = (_request, send) => send({ type: 'attached' }, text('two '), text('years.'), COMPLETED);
      const path = `${app.url}/v1/chat/completions/${formatId('completion', RUN)}/events?starting_after=20`;
      expect(said(await (await fetch(path)).text())).toEqual({ text: 'two years.', lastId: '31', isDone: true });
      expect(app.bus.signals[0]).toMatchObject({ runId: RUN, action: 'attach', after: 20 });
    });

    it('tell their end to who has heard more than a process that died could store', async () => {
      const run = runView({ status: 'interrupted' });
      const ended = (event: RunEvent) =>
        app.bus.on(GetRunEvents, () => ({ run, state: 'ended' as const, events: [event], from: 3 }));
      ended(COMPLETED);
      const response = await get(`${RUN_ID}/events`, { 'last-event-id': '90' });
      expect(said(await response.text())).toEqual({ text: '', lastId: '4', isDone: true });
      ended(INTERRUPTED);
      const failed = await get(`${RUN_ID}/events`, { 'last-event-id': '90' });
      expect([failed.status, await failed.json()]).toEqual([
        502,
        expect.objectContaining({ code: 'stream_interrupted' }),
      ]);
    });

    it('say 204 when there is nothing more, and 410 when it cannot be told', async () => {
      const run = runView({ status: 'completed', finishedAt: '2026-01-02T03:04:06.000Z' });
      app.bus.on(GetRunEvents, () => ({ run, state: 'ended' as const, events: [] }));
      expect((await get(`${RUN_ID}/events?starting_after=31`)).status).toBe(204);
      app.bus.on(GetRunEvents, () => ({ run, state: 'expired' as const }));
      const gone = await get(`${RUN_ID}/events?starting_after=3`);
      expect([gone.status, await gone.json()]).toEqual([410, expect.objectContaining({ code: 'events_expired' })]);
    });

    it.each(['-1', '1.5', 'x', '9999999999'])('refuse %s as the place to go on from', async (place) => {
      const response = await get(`${RUN_ID}/events`, { 'last-event-id': place });
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining({ code: 'invalid_request', param: 'Last-Event-ID' }),
      ]);
    });

    it('belong to their user', async () => {
      app.bus.on(GetRunEvents, () => {
        throw DomainError.notFound('run');
      });
      expect((await get(`${RUN_ID}/events`)).status).toBe(404);
    });
  });

  describe('whose stream breaks off', () => {
    const chat = () =>
      fetch(`${app.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'default', stream: true, messages: [{ role: 'user', content: 'How long?' }] }),
      });
    const answer = 'The warranty lasts two years.';

    it('are heard on from where they were, as often as it takes', async () => {
      const attached: ControlRunPayload[] = [];
      app.bus.acceptRuns({}, (run) => {
        run.send(text(answer.slice(0, 5)));
        run.cut();
      });
      app.bus.on(GetRunEvents, () => ({ run: runView(), state: 'live' as const }));
      app.bus.onAttach = (request, send) => {
        attached.push(request);
        send({ type: 'attached' });
        if (attached.length < 4) send(text(answer.slice(request.after!, request.after! + 3)));
        if (attached.length < 4) app.bus.breakOff(request.streamId!);
        else send(text(answer.slice(request.after)), COMPLETED);
      };
      expect(said(await (await chat()).text())).toEqual({ text: answer, lastId: '30', isDone: true });
      expect(attached.map(({ after }) => after)).toEqual([5, 8, 11, 14]);
    });

    it('end with what was stored when their process died', async () => {
      app.bus.acceptRuns({}, (run) => {
        run.send(text('The war'));
        run.cut();
      });
      app.bus.on(GetRunEvents, ({ after }) => {
        const events = [text('The warranty lasts'.slice(after)), INTERRUPTED];
        return { run: runView({ status: 'interrupted' }), state: 'ended' as const, events };
      });
      const body = await (await chat()).text();
      expect(said(body)).toMatchObject({ text: 'The warranty lasts', isDone: false });
      expect(body).toContain('"code":"stream_interrupted"');
    });

    it('tell that their listener has left, so that nobody writes for nobody', async () => {
      app.bus.acceptRuns({}, (run) => run.send(text('Hm'), COMPLETED));
      await (await chat()).text();
      expect(app.bus.signals).toMatchObject([{ action: 'leave', runId: app.bus.runs[0]!.request.runId }]);
    });
  });
});
