const BENCHMARKS: Record<string, { summary: string; load: () => Promise<{ run: () => Promise<void> }> }> = {
  stream: {
    summary: 'time to first token and whole-stream time against calling the provider directly',
    load: () => import('./stream.js'),
  },
};

const name = process.argv[2] ?? '';
const benchmark = BENCHMARKS[name];
if (!benchmark) {
  console.error('Usage: npm run bench -- <benchmark>');
  for (const [key, { summary }] of Object.entries(BENCHMARKS)) console.error(`  ${key.padEnd(10)} ${summary}`);
  process.exit(name === '--help' ? 0 : 2);
}
await (await benchmark.load()).run();
