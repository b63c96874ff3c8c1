import { counter, gauge, histogram } from '@parley/observability';

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600];

const handled = counter('parley_messages_handled_total', 'Messages handled, by outcome', ['message', 'outcome']);
const duration = histogram(
  'parley_message_duration_seconds',
  'Time spent in message handlers',
  ['message'],
  DURATION_BUCKETS_S,
);
const requests = counter('parley_rpc_requests_total', 'Requests to other services, by outcome', ['message', 'outcome']);
const requestDuration = histogram(
  'parley_rpc_duration_seconds',
  'Time until a request to another service was answered or failed',
  ['message'],
  DURATION_BUCKETS_S,
);
const pendingRows = gauge('parley_outbox_pending', 'Outbox rows not yet sent, counted up to 10,000', ['app']);
const oldestAge = gauge('parley_outbox_oldest_age_seconds', 'How long the oldest due outbox row has been waiting', [
  'app',
]);
const connected = gauge('parley_broker_connected', '1 while both broker connections are usable', ['app']);

/** Several apps may share one process, and with it one registry: gauges carry the app. */
export class MessagingMetrics {
  constructor(private readonly app: string) {}

  startHandling(message: string): (outcome: string) => void {
    const stop = duration.startTimer({ message });
    return (outcome) => {
      stop();
      handled.inc({ message, outcome });
    };
  }

  startRequest(message: string): (outcome: string) => void {
    const stop = requestDuration.startTimer({ message });
    return (outcome) => {
      stop();
      requests.inc({ message, outcome });
    };
  }

  setConnected(isConnected: boolean): void {
    connected.set({ app: this.app }, isConnected ? 1 : 0);
  }

  setOutbox({ pending, oldestAgeMs }: { pending: number; oldestAgeMs: number }): void {
    pendingRows.set({ app: this.app }, pending);
    oldestAge.set({ app: this.app }, oldestAgeMs / 1_000);
  }
}
