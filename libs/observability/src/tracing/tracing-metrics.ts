import { counter } from '../metrics.js';

const spans = counter('parley_trace_spans_total', 'Spans given to the collector of traces, by whether it took them', [
  'outcome',
]);

export function spansExported(count: number, outcome: 'sent' | 'failed'): void {
  spans.inc({ outcome }, count);
}
