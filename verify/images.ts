import { execFile } from 'node:child_process';
import { cp, glob, lstat, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startProviderStub, systemProgram } from '@parley/testing';
import OpenAI, { toFile } from 'openai';
import { startRealSuite } from '../e2e/support/suite.js';
import { type Verification } from './verification.js';

const ROOT = join(import.meta.dirname, '..');
const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];
const MAX_MB = 250;
/** As published for gcr.io/distroless/cc-debian12: glibc, libgcc, libstdc++, certificates, time zones. */
const BASE_MB = 24;
const INSTALL_TIMEOUT_MS = 5 * 60_000;
/** One page that says "Hello Parley". */
const PDF = [
  '%PDF-1.4',
  '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
  '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj',
  '4 0 obj<</Length 44>>stream',
  'BT /F 12 Tf 20 100 Td (Hello Parley) Tj ET  ',
  'endstream endobj',
  '5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj',
  'trailer<</Root 1 0 R>>',
].join('\n');

const run = promisify(execFile);

/** What the Dockerfile puts into each image, made by the same steps without a container engine, and the apps run from it. */
export const images: Verification = {
  summary: `the content of each image, at most ${MAX_MB} MB, is enough to ingest a document and to answer`,
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'parley-images-'));
    try {
      const nodeMb = await strippedNodeMb(folder);
      for (const app of APPS) {
        const tree = join(folder, app);
        await assemble(app, tree);
        const contentMb = await megabytes(tree);
        const total = BASE_MB + nodeMb + contentMb;
        say(
          `${app}: ${total.toFixed(0)} MB: base ${BASE_MB} (as published), node ${nodeMb.toFixed(0)}, app ${contentMb.toFixed(0)}`,
        );
        if (total > MAX_MB) throw new Error(`The image of ${app} would have more than ${MAX_MB} MB.`);
      }
      await ingestAndAnswer((name) => join(folder, name));
      say('a PDF was ingested and a question answered from what is in the images');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The steps of the Dockerfile's `source`, `…-dependencies` and the app's own stage. */
async function assemble(app: string, tree: string): Promise<void> {
  for await (const file of glob(['package.json', 'package-lock.json', '{apps,libs}/*/package.json'], { cwd: ROOT })) {
    await mkdir(dirname(join(tree, file)), { recursive: true });
    await cp(join(ROOT, file), join(tree, file));
  }
  const install = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--workspace', `@parley/${app}`];
  await run('npm', install, { cwd: tree, timeout: INSTALL_TIMEOUT_MS });
  const modules = ['node_modules', join('apps', app, 'node_modules')];
  await run(process.execPath, [join(ROOT, 'docker/prune.mjs'), ...modules], { cwd: tree });
  for await (const dist of glob(['libs/*/dist', `apps/${app}/dist`], { cwd: ROOT })) {
    await cp(join(ROOT, dist), join(tree, dist), { recursive: true });
  }
}

async function ingestAndAnswer(rootOf: (name: string) => string): Promise<void> {
  const provider = await startProviderStub();
  const llm = { OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' };
  const suite = await startRealSuite(llm, undefined, rootOf);
  try {
    const client = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, maxRetries: 0 });
    const store = await client.vectorStores.create({ name: 'images' });
    const file = await toFile(Buffer.from(PDF), 'hello.pdf');
    const { status, last_error: error } = await client.vectorStores.files.uploadAndPoll(store.id, file);
    if (status !== 'completed') throw new Error(`The PDF was not ingested: ${JSON.stringify(error)}`);
    const { choices } = await client.chat.completions.create({
      model: 'stub-chat',
      messages: [{ role: 'user', content: 'What does the page say?' }],
    });
    if (!choices[0]?.message.content) throw new Error('No answer came.');
  } finally {
    await suite.stop();
    await provider.close();
  }
}

async function strippedNodeMb(folder: string): Promise<number> {
  const strip = await systemProgram('strip', 'binutils');
  if (!strip) throw new Error('strip is not installed, and cannot be');
  const stripped = join(folder, 'node');
  await run(strip, ['-s', '-o', stripped, process.execPath]);
  const { stdout } = await run(stripped, ['--version']);
  if (stdout.trim() !== process.version) throw new Error('Node does not run without its symbols.');
  return (await stat(stripped)).size / 1e6;
}

/** Sum of the sizes of all files, as in the layers of an image. */
async function megabytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath, entry.name))).size;
  }
  return bytes / 1e6;
}
