import { type Attributes } from './knowledge-bases.js';

/** A passage that a search found, as whoever asks for it is shown. */
export interface FoundPassage {
  fileId: string;
  filename: string;
  score: number;
  text: string;
  attributes: Attributes;
}
