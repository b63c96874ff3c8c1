import {
  type Metadata,
  type ModelOrigin,
  type RequestRecord,
  type SearchRequest,
  type Variant,
} from '@parley/contracts';
import { type ChatMessage } from '@parley/llm';
import { type BrokenAnswer } from '../conversations/conversation-history.js';
import { type HistoryHash } from '../conversations/history-hash.js';
import { type PlannedTools } from '../tools/run-tools.js';
import { type ProviderOptions } from './provider-message.js';

export interface AddedMessage {
  id: string;
  message: ChatMessage;
  /** Of the history up to and including it. */
  historyHash: HistoryHash | null;
}

/** Where the texts of a run are kept. */
export interface RunStorage {
  conversationId: string;
  isNewConversation: boolean;
  /** For a conversation that has none; null leaves it as it is. */
  title: string | null;
  /** The message that the run will write. */
  messageId: string;
  /** The message that `added` follows; null where the conversation begins. */
  parentId: string | null;
  /** What the client said that is not stored yet. */
  added: AddedMessage[];
  /** Of the history up to and including `added`; null when it is not known. */
  historyHash: HistoryHash | null;
}

/** Everything about a run that is decided before it starts. */
export interface RunPlan {
  runId: string;
  assistantId: string | null;
  /** As clients name it. */
  model: string;
  /** The name that is asked, where a feature flag has another model answer; else the same. */
  servedModel: string;
  /** Of the feature flags that bear on it; null without any. */
  variants: Variant[] | null;
  /** Who is asked first. */
  origin: ModelOrigin;
  /** Of that model. */
  contextWindowTokens: number;
  instructions: ChatMessage[];
  /** What was said before `talk`, in short; null when there is no summary. */
  summary: string | null;
  /** The conversation, with what the client said last at its end. */
  talk: ChatMessage[];
  /** Answered turns that are remembered at most; clients that send their history are reminded of all that fits. */
  maxTurns: number;
  /** Whether the client leaves it to us to keep the conversation. */
  keepsConversation: boolean;
  /** The answer that broke off and is gone on with; the new one begins with its text. */
  brokenAnswer: BrokenAnswer | null;
  /** Null when the answer is not to be grounded in documents. */
  search: SearchRequest | null;
  /** Whether every search is told as a step, with what it found. */
  tellsResults: boolean;
  /** What Parley does for the model when it calls for it. */
  tools: PlannedTools;
  options: ProviderOptions;
  /** Null leaves no texts behind. */
  storage: RunStorage | null;
  /** What is kept of the request besides its messages; null: nothing. */
  record: RequestRecord | null;
  metadata: Metadata;
  /** Of the first listener; null: nobody listens, and nobody has to. */
  streamAddress: string | null;
}
