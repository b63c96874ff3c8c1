import { type IngestedDocument, IngestionSuite } from '../e2e/support/ingestion-suite.js';
import { integerOption, readOptions } from './options.js';
import { peaksDuring } from './worker-memory/process-memory.js';
import { CONTENT_TYPES, type Kind, sampleFile } from './worker-memory/sample-files.js';

export const HELP = `npm run bench -- worker-memory [options]

Peak resident memory of the ingestion worker and of its parser process for a small, a medium and a large file of each
kind: one with as much text as the largest upload holds (MAX_FILE_SIZE, 10 MB). Linux only.

  --kinds <list>     default txt,md,csv,html,docx,pdf
  --medium <kchars>  of text in thousands of characters (default 2000)
  --large <kchars>   default 10000
  --minutes <n>      that one document may take (default 20)`;

const SMALL_KCHARS = 50;

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['kinds', 'medium', 'large', 'minutes']);
  const kinds = String(options['kinds'] ?? Object.keys(CONTENT_TYPES).join(',')).split(',') as Kind[];
  const sizes = [SMALL_KCHARS, integerOption(options, 'medium', 2_000), integerOption(options, 'large', 10_000)];
  const timeoutMs = integerOption(options, 'minutes', 20) * 60_000;
  const suite = await IngestionSuite.start({ environment: { INGESTION_LEASE_MS: '60000' } });
  const worker = suite.workers[0]!;
  try {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    console.log('kind  text Mchars  file MB  outcome      chunks  worker peak MB  parser peak MB  seconds');
    for (const kind of kinds) {
      if (!(kind in CONTENT_TYPES)) throw new Error(`There is no kind ${kind}.`);
      const workerPeaks: number[] = [];
      for (const kchars of sizes) {
        const content = sampleFile(kind, kchars * 1_000);
        const fileId = await suite.upload(content, `sample.${kind}`, CONTENT_TYPES[kind]);
        const startedAt = performance.now();
        let document!: IngestedDocument;
        const peaks = await peaksDuring(worker.pid, async () => {
          document = await suite.attach(knowledgeBaseId, fileId, 'auto');
          await suite.settled(document, timeoutMs);
        });
        workerPeaks.push(peaks.worker);
        const { status, error } = await suite.document(document);
        const { length: chunks } = await suite.chunks(document);
        console.log(
          [
            kind.padEnd(5),
            (kchars / 1_000).toFixed(2).padStart(11),
            (content.length / 1_048_576).toFixed(1).padStart(8),
            ` ${error?.code ?? status}`.padEnd(12),
            String(chunks).padStart(7),
            peaks.worker.toFixed(0).padStart(15),
            peaks.parser.toFixed(0).padStart(15),
            ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(8),
          ].join(' '),
        );
      }
      const growth = (workerPeaks.at(-1)! / workerPeaks[0]!).toFixed(2);
      console.log(`${kind.padEnd(5)} worker peak of the largest file against the smallest: ${growth}`);
    }
  } finally {
    await suite.stop();
  }
}
