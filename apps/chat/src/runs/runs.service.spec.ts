import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { eventually, metricValue } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { somePassage, someRequest, someTenant } from '../fixtures/samples.js';
import { chunks, failing, hanging, saying } from '../fixtures/scripted-provider.js';

// After `@nestjs/common`: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
const { runMetrics } = await import('./run-metrics.js');
const { RunWorkshop } = await import('../fixtures/run-workshop.js');

Logger.overrideLogger(false);

const tenant = someTenant();
let workshop = new RunWorkshop();

const retrieval = { knowledgeBaseIds: [uuidv7()] };

function startRun(fields: Parameters<typeof someRequest>[0] = {}) {
  return workshop.service.start(tenant, someRequest(fields));
}

const ended = () => eventually(() => expect(workshop.active.ids).toEqual([]));

afterEach(async () => {
  await workshop.active.drain(0);
  workshop = new RunWorkshop();
});

describe('RunsService', () => {
  it('replies with who answers and where the answer will be found', async () => {
    const request = someRequest();
    const reply = await workshop.service.start(tenant, request);
    const { conversationId, messageId } = workshop.runs.begun.get(request.runId)!.storage!;
    expect(reply).toEqual({
      runId: request.runId,
      conversationId,
      messageId,
      parentId: workshop.runs.begun.get(request.runId)!.storage!.added.at(-1)!.id,
      model: 'stub-chat',
      provider: 'openai',
      createdAt: '2025-01-01T00:00:00.000Z',
    });
  });

  it('measures how long an answer waited, and how fast it is written', async () => {
    const before = await metricValue('parley_run_queue_seconds_count');
    await startRun();
    await ended();
    expect((await metricValue('parley_run_queue_seconds_count')) - before).toBe(1);
    runMetrics.written(30, 1_500);
    runMetrics.written(30, 0);
    expect(await metricValue('parley_run_tokens_per_second_sum')).toBeGreaterThanOrEqual(20);
    expect(await metricValue('parley_run_tokens_per_second_sum')).toBeLessThan(Infinity);
  });

  it('streams the answer, stores it, and only then tells that it is complete', async () => {
    const { runId } = await startRun();
    await ended();
    expect(workshop.toldText).toBe('The warranty lasts two years.');
    expect(workshop.log).toEqual(['stored', 'text', 'text', 'finished completed', 'completed']);
    expect(workshop.runs.finished.get(runId)).toMatchObject({
      status: 'completed',
      finishReason: 'stop',
      error: null,
      usage: { promptTokens: 12, completionTokens: 5, totalTokens: 17, estimated: false },
      message: { text: 'The warranty lasts two years.', annotations: [], toolCalls: null },
      timings: { firstTokenMs: expect.any(Number), totalMs: expect.any(Number), retrievalMs: null },
    });
  });

  it('asks the provider while the commit is under way, but tells nothing before it', async () => {
    const commit = Promise.withResolvers<void>();
    workshop.runs.commit = commit.promise;
    const reply = startRun();
    await eventually(() => expect(workshop.provider.requests).toHaveLength(1));
    expect(workshop.log).toEqual([]);
    commit.resolve();
    await reply;
    await ended();
    expect(workshop.log).toEqual(['stored', 'text', 'text', 'finished completed', 'completed']);
  });

  it('stops the provider and tells nothing when the run could not be stored', async () => {
    const commit = Promise.withResolvers<void>();
    workshop.runs.commit = commit.promise;
    workshop.provider.script = hanging();
    const reply = startRun();
    await eventually(() => expect(workshop.provider.requests).toHaveLength(1));
    commit.reject(new DomainError('service_unavailable', 'The database cannot be reached.'));
    await expect(reply).rejects.toMatchObject({ code: 'service_unavailable' });
    await ended();
    expect(workshop.log).toEqual([]);
  });

  it('grounds the answer in what was found and cites it', async () => {
    const passage = somePassage();
    workshop.search = () => Promise.resolve({ hits: [passage] });
    workshop.provider.script = saying('It lasts two years [1].');
    await startRun({ retrieval });
    await ended();
    expect(workshop.searches).toEqual([
      { ...retrieval, queries: ['How long does the warranty last?'], maxResults: 5, scoreThreshold: 0 },
    ]);
    const [request] = workshop.provider.requests;
    expect(request?.passages).toEqual([{ index: 1, text: passage.text, filename: passage.filename }]);
    expect(JSON.stringify(request?.messages)).toContain('[1] handbook.pdf');
    expect(workshop.ending).toMatchObject({
      type: 'completed',
      annotations: [{ chunkId: passage.chunkId, quote: passage.text, index: 19 }],
    });
  });

  it('fails with the reason when the search fails: an ungrounded answer would look like a grounded one', async () => {
    workshop.search = () => Promise.reject(new DomainError('timeout', 'The search took too long.'));
    const { runId } = await startRun({ retrieval });
    await ended();
    expect(workshop.provider.requests).toHaveLength(0);
    expect(workshop.ending).toEqual({
      type: 'failed',
      error: { code: 'timeout', message: 'The search took too long.' },
    });
    expect(workshop.runs.finished.get(runId)).toMatchObject({ status: 'failed', message: null, usage: null });
  });

  it('ends as failed, without a message, when the provider refuses', async () => {
    workshop.provider.script = failing(new DomainError('provider_error', 'The provider is down.'));
    const { runId } = await startRun();
    await ended();
    expect(workshop.log).toEqual(['stored', 'finished failed', 'failed']);
    expect(workshop.runs.finished.get(runId)).toMatchObject({
      error: { code: 'provider_error', message: 'The provider is down.' },
      message: null,
      historyHash: null,
    });
  });

  it('keeps the text so far when the provider fails in the middle', async () => {
    workshop.provider.script = failing(new DomainError('timeout', 'Silent.'), 'The warranty ', 'lasts');
    const { runId } = await startRun();
    await ended();
    expect(workshop.toldText).toBe('The warranty lasts');
    expect(workshop.runs.finished.get(runId)).toMatchObject({
      status: 'failed',
      message: { text: 'The warranty lasts' },
    });
    expect(workshop.ending).toMatchObject({ type: 'failed', error: { code: 'timeout' } });
  });

  it('does not let internals out when something unexpected breaks', async () => {
    workshop.provider.script = failing(new TypeError('password=hunter2'));
    await startRun();
    await ended();
    expect(workshop.ending).toEqual({
      type: 'failed',
      error: { code: 'internal_error', message: 'An internal error occurred.' },
    });
  });

  it('refuses a message that the model cannot take', async () => {
    await startRun({ messages: [{ role: 'user', content: 'word '.repeat(5_000) }] });
    await ended();
    expect(workshop.provider.requests).toHaveLength(0);
    expect(workshop.ending).toMatchObject({ type: 'failed', error: { code: 'context_length_exceeded' } });
  });

  it('is incomplete when the answer was cut at its length', async () => {
    workshop.provider.script = chunks({ type: 'text', text: 'The' }, { type: 'finish', finishReason: 'length' });
    const { runId } = await startRun();
    await ended();
    expect(workshop.runs.finished.get(runId)?.status).toBe('incomplete');
    expect(workshop.ending).toMatchObject({ type: 'completed', finishReason: 'length' });
  });

  it('passes calls of tools on and stores them', async () => {
    workshop.provider.script = chunks(
      { type: 'tool_call', index: 0, id: 'call_1', name: 'weather', argumentsDelta: '{"city":' },
      { type: 'tool_call', index: 0, argumentsDelta: '"Rome"}' },
      { type: 'finish', finishReason: 'tool_calls' },
    );
    const { runId } = await startRun();
    await ended();
    expect(workshop.log).toEqual(['stored', 'tool_call', 'tool_call', 'finished completed', 'completed']);
    expect(workshop.runs.finished.get(runId)?.message).toEqual({
      text: '',
      annotations: [],
      toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' }],
      outline: null,
    });
  });

  it('tries again when the end cannot be stored at first', async () => {
    workshop.runs.finishFailures = [new Error('connection lost')];
    await startRun();
    await ended();
    expect(workshop.log.slice(-2)).toEqual(['finished completed', 'completed']);
  });

  it('tells that the answer was lost when its end cannot be stored at all', async () => {
    const down = new DomainError('service_unavailable', 'The database cannot be reached.');
    workshop.runs.finishFailures = [down, down, down];
    await startRun();
    await ended();
    expect(workshop.runs.finished.size).toBe(0);
    expect(workshop.ending).toMatchObject({ type: 'failed', error: { code: 'service_unavailable' } });
  });

  it('leaves no text behind when it is not to store any', async () => {
    const reply = await startRun({ store: false });
    await ended();
    expect(reply).toMatchObject({ conversationId: null, messageId: null });
    expect(workshop.runs.begun.get(reply.runId)?.storage).toBeNull();
    expect(workshop.runs.checkpoints).toEqual([]);
    expect(workshop.runs.finished.get(reply.runId)).toMatchObject({
      status: 'completed',
      message: null,
      historyHash: null,
    });
  });

  describe('the same request twice', () => {
    it('gets the same reply and one answer while the run is under way', async () => {
      workshop.provider.script = hanging('Hm');
      const request = someRequest();
      const replies = await Promise.all([1, 2, 3].map(() => workshop.service.start(tenant, request)));
      const [first, ...others] = replies;
      expect(first).not.toHaveProperty('isRepeated');
      expect(others).toEqual([1, 2].map(() => ({ ...first, isRepeated: true })));
      expect(workshop.provider.requests).toHaveLength(1);
    });

    it('gets the same reply and no second answer after the run has ended', async () => {
      const request = someRequest();
      const first = await workshop.service.start(tenant, request);
      await ended();
      await expect(workshop.service.start(tenant, request)).resolves.toEqual({ ...first, isRepeated: true });
      await ended();
      expect(workshop.provider.requests).toHaveLength(1);
      expect(workshop.log.filter((line) => line === 'completed')).toHaveLength(1);
    });

    it('is not the same request when somebody else sends it', async () => {
      workshop.provider.script = hanging('Hm');
      const request = someRequest();
      const mine = await workshop.service.start(tenant, request);
      workshop.runs.findReply = () => Promise.resolve(null);
      await expect(workshop.service.start(someTenant(), request)).rejects.toMatchObject({ code: 'conflict' });
      expect(mine.runId).toBe(request.runId);
    });
  });

  describe('when there is too much to do', () => {
    it('says when to come back instead of letting the caller hang', async () => {
      workshop = new RunWorkshop({ maxConcurrentRuns: 1 });
      workshop.provider.script = hanging();
      await startRun();
      await expect(startRun()).rejects.toMatchObject({ code: 'service_unavailable', retryAfterMs: 1_000 });
    });

    it('has room again after a run, and after a request that never became one', async () => {
      workshop = new RunWorkshop({ maxConcurrentRuns: 1 });
      await expect(startRun({ model: 'unknown' })).rejects.toMatchObject({ code: 'model_not_found' });
      await ended();
      await startRun();
      await ended();
      await expect(startRun()).resolves.toMatchObject({ model: 'stub-chat' });
    });
  });

  describe('when the process stops', () => {
    it('finishes what is under way and begins nothing more', async () => {
      const goOn = Promise.withResolvers<void>();
      workshop.provider.script = async function* () {
        yield { type: 'text', text: 'Almost ' };
        await goOn.promise;
        yield* chunks({ type: 'text', text: 'done.' }, { type: 'finish', finishReason: 'stop' })(
          {} as never,
          {} as never,
        );
      };
      const { runId } = await startRun();
      const drained = workshop.active.drain(5_000);
      await expect(startRun()).rejects.toMatchObject({ code: 'service_unavailable' });
      goOn.resolve();
      await drained;
      expect(workshop.runs.finished.get(runId)).toMatchObject({
        status: 'completed',
        message: { text: 'Almost done.' },
      });
    });

    it('stops what takes too long, keeping its text', async () => {
      workshop.provider.script = hanging('The warranty ');
      const { runId } = await startRun();
      await eventually(() => expect(workshop.toldText).toBe('The warranty '));
      await workshop.active.drain(10);
      expect(workshop.runs.finished.get(runId)).toMatchObject({
        status: 'interrupted',
        message: { text: 'The warranty ' },
        usage: { completionTokens: 1, estimated: true },
      });
      expect(workshop.ending).toMatchObject({ type: 'failed', error: { code: 'stream_interrupted' } });
    });
  });
});
