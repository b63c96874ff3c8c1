import { Controller } from '@nestjs/common';
import { FakeAmqplib } from '@onify/fake-amqplib';
import { describe, expect, it } from '@jest/globals';
import { bootApp } from '../fixtures/test-app.fixture.js';
import { type AskReply, type AskRequest, messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { type MessageContext } from '../message-context.js';
import { ack, type Outcome } from '../outcome.js';
import { HandleCommand, HandleEvent, HandleRpc } from './handle.decorators.js';

const { Ask, Work, Worked } = messagesOf('memory');
const url = 'amqp://embedded';

/** Never run: this class is about what compiles. */
export class Typed {
  @HandleRpc(Ask)
  async whole(request: AskRequest, _context: MessageContext): Promise<AskReply> {
    return { answer: request.question };
  }

  @HandleRpc(Ask)
  part(_request: Pick<AskRequest, 'question'>): AskReply & { more: number } {
    return { answer: '', more: 1 };
  }

  @HandleCommand(Work, { prefetch: 1, concurrency: 1 })
  async outcome(_payload: WorkPayload): Promise<Outcome> {
    return ack();
  }

  // @ts-expect-error the payload is of another message
  @HandleRpc(Ask)
  async otherPayload(_request: WorkPayload): Promise<AskReply> {
    return { answer: '' };
  }

  // @ts-expect-error the handler wants more than the message holds
  @HandleRpc(Ask)
  async wantsMore(_request: AskRequest & { more: number }): Promise<AskReply> {
    return { answer: '' };
  }

  // @ts-expect-error the reply is of another type
  @HandleRpc(Ask)
  async otherReply(_request: AskRequest): Promise<{ answer: number }> {
    return { answer: 1 };
  }

  // @ts-expect-error a command needs an outcome
  @HandleCommand(Work)
  async noOutcome(_payload: WorkPayload): Promise<void> {}

  // @ts-expect-error an event needs an outcome
  @HandleEvent(Worked)
  async otherOutcome(_payload: WorkPayload): Promise<{ kind: 'ok' }> {
    return { kind: 'ok' };
  }

  // @ts-expect-error a command is not asked
  @HandleRpc(Work)
  async notRpc(_payload: WorkPayload): Promise<AskReply> {
    return { answer: '' };
  }
}

describe('handlers', () => {
  it('are refused at the start when two take one message', async () => {
    @Controller()
    class Twice {
      @HandleRpc(Ask)
      async one(): Promise<AskReply> {
        return { answer: '1' };
      }

      @HandleRpc(Ask)
      async two(): Promise<AskReply> {
        return { answer: '2' };
      }
    }
    const { connect } = new FakeAmqplib('3.10');
    await expect(bootApp({ app: 'memory', url, connect, controllers: [Twice] })).rejects.toThrow('Two handlers for');
  });

  it('are refused at the start when the message belongs to another app', async () => {
    @Controller()
    class Foreign {
      @HandleRpc(Ask)
      async ask(): Promise<AskReply> {
        return { answer: '' };
      }
    }
    const { connect } = new FakeAmqplib('3.10');
    await expect(bootApp({ app: 'chat', url, connect, controllers: [Foreign] })).rejects.toThrow(
      'it belongs to memory',
    );
  });
});
