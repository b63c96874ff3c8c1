import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type StartRunRequest } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { type AssistantEntity } from '../assistants/assistant.entity.js';
import { extendHistoryHash } from '../conversations/history-hash.js';
import { someRequest, someTenant } from '../fixtures/samples.js';

// After `@nestjs/common`: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
const { RunWorkshop } = await import('../fixtures/run-workshop.js');

Logger.overrideLogger(false);

const tenant = someTenant();
const knowledgeBaseId = uuidv7();
let workshop = new RunWorkshop();

const plan = (fields: Partial<StartRunRequest>) => workshop.planner.plan(tenant, someRequest(fields));

function addAssistant(fields: Partial<AssistantEntity> = {}): AssistantEntity {
  const assistant = {
    id: uuidv7(),
    tenantId: tenant.tenantId,
    name: 'Clerk',
    instructions: 'Be polite.',
    model: null,
    knowledgeBaseIds: [],
    retrievalMode: 'always' as const,
    tools: [],
    temperature: null,
    maxOutputTokens: null,
    metadata: {},
    createdAt: new Date(),
    updatedAt: new Date(),
    ...fields,
  };
  workshop.assistants.set(assistant.id, assistant);
  return assistant;
}

beforeEach(() => {
  workshop = new RunWorkshop();
});

describe('RunPlanner', () => {
  it.each([[undefined], ['default'], ['stub-chat']])('lets the configured model answer to %s', async (model) => {
    expect((await plan({ ...(model && { model }) })).model).toBe('stub-chat');
  });

  it('takes other models of the provider by name, and no others', async () => {
    expect((await plan({ model: 'stub-chat-small' })).model).toBe('stub-chat-small');
    await expect(plan({ model: 'gpt-99' })).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
  });

  it('asks another model where a flag about the model is on, and says which variant that is', async () => {
    const flag = { feature: 'canary', model: 'stub-chat', replacement: 'stub-chat-small', isOn: true };
    expect(await plan({ modelFlags: [flag] })).toMatchObject({
      ...{ model: 'stub-chat', servedModel: 'stub-chat-small', variants: ['canary:on'] },
    });
    expect(await plan({ modelFlags: [{ ...flag, isOn: false }], variants: ['streaming:on'] })).toMatchObject({
      ...{ servedModel: 'stub-chat', variants: ['streaming:on', 'canary:off'] },
    });
    const { id } = addAssistant({ model: 'stub-chat-small' });
    expect(await plan({ assistantId: id, modelFlags: [flag] })).toMatchObject({
      ...{ servedModel: 'stub-chat-small', variants: null },
    });
    expect(await plan({ modelFlags: [{ ...flag, replacement: 'gone' }] })).toMatchObject({
      ...{ servedModel: 'stub-chat', variants: ['canary:off'] },
    });
  });

  it('takes what an assistant is set to, unless the request says otherwise', async () => {
    const { id } = addAssistant({ model: 'stub-chat-small', temperature: 0.1, maxOutputTokens: 50 });
    const generation = { temperature: 0, topP: 0.5 };
    const planned = await plan({ assistantId: id, generation });
    expect(planned).toMatchObject({ assistantId: id, model: 'stub-chat-small' });
    expect(planned.options).toMatchObject({ temperature: 0, maxOutputTokens: 50, topP: 0.5 });
    expect(planned.instructions).toEqual([{ role: 'system', content: 'Be polite.' }]);
  });

  it('adds the instructions of the client to those of the assistant', async () => {
    const { id } = addAssistant();
    const messages: StartRunRequest['messages'] = [
      { role: 'developer', content: 'In French.' },
      { role: 'user', content: 'Hi' },
    ];
    const { instructions, talk } = await plan({ assistantId: id, messages });
    expect(instructions.map(({ content }) => content)).toEqual(['Be polite.', 'In French.']);
    expect(talk).toEqual([{ role: 'user', content: 'Hi' }]);
  });

  it('knows an assistant that does not exist as an unknown model', async () => {
    await expect(plan({ assistantId: uuidv7() })).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('searches the knowledge bases of the assistant, or those of the request instead', async () => {
    const { id } = addAssistant({ knowledgeBaseIds: [knowledgeBaseId] });
    expect((await plan({ assistantId: id })).search).toMatchObject({ knowledgeBaseIds: [knowledgeBaseId] });
    const retrieval = { knowledgeBaseIds: [uuidv7()], maxResults: 2, scoreThreshold: 0.4 };
    expect((await plan({ assistantId: id, retrieval })).search).toEqual({
      ...retrieval,
      queries: ['How long does the warranty last?'],
    });
    expect((await plan({})).search).toBeNull();
  });

  it('searches for what the user said last, in what Postgres can take', async () => {
    const messages: StartRunRequest['messages'] = [
      { role: 'user', content: 'First' },
      { role: 'assistant', content: 'Answer' },
      { role: 'user', content: [{ type: 'text', text: 'Sec\0ond' }] },
    ];
    const { search } = await plan({ messages, retrieval: { knowledgeBaseIds: [knowledgeBaseId] } });
    expect(search?.queries).toEqual(['Second']);
  });

  describe('of a client that sends its whole history', () => {
    const history: StartRunRequest['messages'] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello!' },
      { role: 'user', content: 'How are you?' },
    ];
    const answered = extendHistoryHash(null, [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello!' },
    ])!;

    it('begins a conversation with all of it when it is unknown', async () => {
      const { storage } = await plan({ messages: history });
      expect(storage).toMatchObject({ isNewConversation: true, title: 'Hi' });
      expect(storage?.added.map(({ message }) => message.content)).toEqual(['Hi', 'Hello!', 'How are you?']);
    });

    it('goes on in the conversation that it made, with what is new', async () => {
      const conversationId = uuidv7();
      const parentId = uuidv7();
      workshop.histories.set(answered.toString('hex'), { conversationId, messageId: parentId });
      const { storage, talk } = await plan({ messages: history });
      expect(storage).toMatchObject({ conversationId, parentId, isNewConversation: false });
      expect(storage?.added.map(({ message }) => message.content)).toEqual(['How are you?']);
      expect(talk).toHaveLength(3);
    });

    it('finds ten turns to be one conversation', async () => {
      const conversations = new Set<string>();
      const messages: StartRunRequest['messages'] = [];
      for (let turn = 0; turn < 10; turn++) {
        messages.push({ role: 'user', content: `Question ${turn}` });
        const { storage } = await plan({ messages });
        conversations.add(storage!.conversationId);
        expect(storage!.added).toHaveLength(1);
        messages.push({ role: 'assistant', content: `Answer ${turn}` });
        const hash = extendHistoryHash(storage!.historyHash, [{ role: 'assistant', content: `Answer ${turn}` }]);
        const { conversationId, messageId: answerId } = storage!;
        workshop.histories.set(hash!.toString('hex'), { conversationId, messageId: answerId });
      }
      expect(conversations.size).toBe(1);
    });
  });

  describe('in a conversation', () => {
    it('puts the stored turns before what is new, and goes on with its assistant', async () => {
      const assistant = addAssistant();
      const id = uuidv7();
      workshop.conversations.set(id, {
        id,
        assistantId: assistant.id,
        parentId: uuidv7(),
        historyHash: null,
        brokenAnswer: null,
        hasTitle: false,
        summary: 'They greeted each other.',
        maxTurns: 20,
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hello!' },
        ],
      });
      const planned = await plan({ conversationId: id });
      expect(planned.assistantId).toBe(assistant.id);
      expect(planned.talk.map(({ content }) => content)).toEqual(['Hi', 'Hello!', 'How long does the warranty last?']);
      expect(planned).toMatchObject({ summary: 'They greeted each other.', maxTurns: 20, keepsConversation: true });
      expect(planned.storage).toMatchObject({ conversationId: id, isNewConversation: false, title: 'Hi' });
      expect(planned.storage?.added).toHaveLength(1);
      expect((await plan({ conversationId: id, model: 'stub-chat' })).assistantId).toBeNull();
    });
  });
});
