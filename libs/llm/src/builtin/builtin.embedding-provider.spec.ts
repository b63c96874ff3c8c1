import { describe, expect, it } from '@jest/globals';
import { collect } from '../fixtures/collect.fixture.js';
import { BuiltinEmbeddingProvider } from './builtin.embedding-provider.js';

const provider = new BuiltinEmbeddingProvider();

/** Cosine, because the vectors have length 1. */
async function similarity(a: string, b: string): Promise<number> {
  const [left, right] = (await provider.embed([a, b])).vectors;
  return left!.reduce((sum, value, index) => sum + value * right![index]!, 0);
}

describe('built-in embeddings', () => {
  it('have 1024 dimensions and length 1', async () => {
    const texts = ['A text.', '日本語', '?!', '\u{1F984}', 'x'.repeat(10_000)];

    for (const vector of (await provider.embed(texts)).vectors) {
      expect(vector).toHaveLength(await provider.dimensions());
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });

  it.each([
    [
      'How are hot loops compiled?',
      'The compiler records hot loops and compiles them.',
      'Bread needs flour, water and salt.',
    ],
    [
      'Wie viele Urlaubstage gibt es?',
      'Jeder Mitarbeiter hat dreißig Tage Urlaub.',
      'Die Maschine wird mit Strom betrieben.',
    ],
    ['热循环如何编译？', '即时编译器记录并编译热循环。', '面包需要面粉、水和盐。'],
    ['ホットループのコンパイル', 'コンパイラはホットループを記録する。', 'パンには小麦粉と水が必要です。'],
    ['compiler optimisation', 'optimising compilers', 'optical illusions'],
    ['accommodation', 'acommodation', 'accordion'],
  ])('are closer for texts that say the same: %s', async (text, similar, different) => {
    expect(await similarity(text, similar)).toBeGreaterThan((await similarity(text, different)) + 0.05);
  });

  it('care neither about case, width, accents nor filler words', async () => {
    expect(await similarity('RÉSUMÉ', 'resume')).toBeCloseTo(1, 5);
    expect(await similarity('ＡＢＣ１２３', 'abc123')).toBeCloseTo(1, 5);
    expect(await similarity('the holiday of an employee', 'employee holiday')).toBeGreaterThan(0.95);
  });

  it('are the same every time and everywhere', async () => {
    const text = 'Deterministic vectors: 確定的 векторы 42.';

    expect(await new BuiltinEmbeddingProvider().embed([text])).toEqual(await provider.embed([text]));
    const [vector] = (await provider.embed(['parley'])).vectors;
    const coordinates = [...vector!.entries()].filter(([, value]) => value !== 0).map(([index]) => index);
    expect(coordinates.slice(0, 8)).toEqual([28, 58, 80, 85, 108, 124, 138, 179]);
  });

  it('stay those of an earlier model where they are asked for by its name', async () => {
    const earlier = new BuiltinEmbeddingProvider({}, 'parley-hash-embedding');
    const [vector] = (await earlier.embed(['parley'])).vectors;
    expect(vector).toHaveLength(512);
    const coordinates = [...vector!.entries()].filter(([, value]) => value !== 0).map(([index]) => index);
    expect(coordinates.slice(0, 8)).toEqual([12, 15, 28, 33, 44, 55, 58, 73]);
  });

  it('come in batches with their offsets', async () => {
    const batches = await collect(provider.embedBatches(Array.from({ length: 150 }, (_, index) => `text ${index}`)));

    expect(batches.map(({ offset, vectors }) => [offset, vectors.length])).toEqual([
      [0, 64],
      [64, 64],
      [128, 22],
    ]);
    expect(batches[0]!.promptTokens).toBeGreaterThan(64);
  });

  it('refuse a blank text, naming it', async () => {
    await expect(provider.embed(['a', '  '])).rejects.toMatchObject({ code: 'invalid_request', param: 'input[1]' });
  });

  it('stop when aborted', async () => {
    const controller = new AbortController();
    const batches = provider.embedBatches(
      Array.from({ length: 200 }, () => 'text'),
      { signal: controller.signal },
    );
    await batches.next();

    controller.abort();

    await expect(batches.next()).rejects.toMatchObject({ name: 'AbortError' });
  });
});
