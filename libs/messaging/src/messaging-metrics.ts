import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  register,
} from 'prom-client';

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600];

/** Several apps may share one process, and with it one registry: metrics are created once, gauges carry the app. */
export class MessagingMetrics {
  readonly #handled = counter({
    name: 'parley_messages_handled_total',
    help: 'Messages handled, by outcome',
    labelNames: ['message', 'outcome'],
  });
  readonly #duration = histogram({
    name: 'parley_message_duration_seconds',
    help: 'Time spent in message handlers',
    labelNames: ['message'],
    buckets: DURATION_BUCKETS_S,
  });
  readonly #requests = counter({
    name: 'parley_rpc_requests_total',
    help: 'Requests to other services, by outcome',
    labelNames: ['message', 'outcome'],
  });
  readonly #requestDuration = histogram({
    name: 'parley_rpc_duration_seconds',
    help: 'Time until a request to another service was answered or failed',
    labelNames: ['message'],
    buckets: DURATION_BUCKETS_S,
  });
  readonly #pending = gauge({
    name: 'parley_outbox_pending',
    help: 'Outbox rows not yet sent, counted up to 10,000',
    labelNames: ['app'],
  });
  readonly #oldestAge = gauge({
    name: 'parley_outbox_oldest_age_seconds',
    help: 'How long the oldest due outbox row has been waiting',
    labelNames: ['app'],
  });
  readonly #connected = gauge({
    name: 'parley_broker_connected',
    help: '1 while both broker connections are usable',
    labelNames: ['app'],
  });

  constructor(private readonly app: string) {}

  startHandling(message: string): (outcome: string) => void {
    const stop = this.#duration.startTimer({ message });
    return (outcome) => {
      stop();
      this.#handled.inc({ message, outcome });
    };
  }

  startRequest(message: string): (outcome: string) => void {
    const stop = this.#requestDuration.startTimer({ message });
    return (outcome) => {
      stop();
      this.#requests.inc({ message, outcome });
    };
  }

  setConnected(isConnected: boolean): void {
    this.#connected.set({ app: this.app }, isConnected ? 1 : 0);
  }

  setOutbox({ pending, oldestAgeMs }: { pending: number; oldestAgeMs: number }): void {
    this.#pending.set({ app: this.app }, pending);
    this.#oldestAge.set({ app: this.app }, oldestAgeMs / 1_000);
  }
}

function counter<L extends string>(configuration: CounterConfiguration<L>): Counter<L> {
  return (register.getSingleMetric(configuration.name) as Counter<L> | undefined) ?? new Counter(configuration);
}

function histogram<L extends string>(configuration: HistogramConfiguration<L>): Histogram<L> {
  return (register.getSingleMetric(configuration.name) as Histogram<L> | undefined) ?? new Histogram(configuration);
}

function gauge<L extends string>(configuration: GaugeConfiguration<L>): Gauge<L> {
  return (register.getSingleMetric(configuration.name) as Gauge<L> | undefined) ?? new Gauge(configuration);
}
