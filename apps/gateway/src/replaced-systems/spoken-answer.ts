import { Logger } from '@nestjs/common';
import { MAX_SPEECH_CHARACTERS } from '@parley/contracts';
import { faultOf } from '../http/fault.js';

export type AudioEvent =
  | { type: 'audio'; index: number; text: string; format: 'mp3'; data: string }
  | { type: 'audio_error'; error: { code: string; message: string } };

/** Of one answer: whoever wants more asks for it in words. */
const MAX_SPOKEN_CHARACTERS = 20_000;
/** Of one sentence. */
const MAX_AUDIO_BYTES = 8 * 2 ** 20;

/**
 * Reads an answer aloud while it is written: sentence by sentence, one at a time, in order. A voice that fails falls silent
 * and says so once; the text is not its business.
 */
export class SpokenAnswer {
  readonly #logger = new Logger(SpokenAnswer.name);
  readonly #segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });
  readonly #sentences: string[] = [];
  #unfinished = '';
  #takenCharacters = 0;
  #isEnded = false;
  #isStopped = false;
  #wake: () => void = () => undefined;

  /** @param speak the bytes of an mp3 of a text */
  constructor(private readonly speak: (text: string) => Promise<AsyncIterable<Uint8Array>>) {}

  write(text: string): void {
    if (this.#takenCharacters >= MAX_SPOKEN_CHARACTERS) return;
    this.#takenCharacters += text.length;
    const segments = [...this.#segmenter.segment(this.#unfinished + text)].map(({ segment }) => segment);
    // The last one may go on.
    this.#unfinished = segments.pop() ?? '';
    this.#add(segments);
  }

  /** Nothing more will be written. */
  end(): void {
    this.#isEnded = true;
    this.#add([this.#unfinished]);
    this.#unfinished = '';
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /** Resolves when all that was written is read; never rejects. */
  async tell(send: (event: AudioEvent) => Promise<void>): Promise<void> {
    try {
      for (let index = 0; ; index++) {
        const text = await this.#next();
        if (text === null) return;
        const data = await this.#audioOf(text);
        if (this.#isStopped) return;
        await send({ type: 'audio', index, text, format: 'mp3', data });
      }
    } catch (error) {
      if (this.#isStopped) return;
      const { code, message } = faultOf(error);
      this.#logger.warn(`An answer could not be read aloud: ${code}: ${message}`);
      await send({ type: 'audio_error', error: { code, message } });
    }
  }

  #add(segments: string[]): void {
    for (const segment of segments) {
      const sentence = segment.trim();
      for (let at = 0; at < sentence.length; at += MAX_SPEECH_CHARACTERS) {
        this.#sentences.push(sentence.slice(at, at + MAX_SPEECH_CHARACTERS));
      }
    }
    this.#wake();
  }

  /** Null at the end. */
  async #next(): Promise<string | null> {
    while (!this.#isStopped) {
      const sentence = this.#sentences.shift();
      if (sentence !== undefined) return sentence;
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return null;
  }

  async #audioOf(text: string): Promise<string> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of await this.speak(text)) {
      bytes += piece.byteLength;
      if (bytes > MAX_AUDIO_BYTES) throw new Error('A sentence has too much audio.');
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('base64');
  }
}
