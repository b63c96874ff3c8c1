import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Max, MaxLength, Min } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page } from '../page.js';
import { type DeletedReply } from './by-id.js';
import { MessageRequest } from './conversation-tree.js';
import { type ConversationView, type Feedback, type MessageView, type Rating, RATINGS } from './conversations.js';

export const MAX_SEARCH_QUERY_LENGTH = 256;
export const MAX_COMMENT_LENGTH = 4_000;

export class SearchConversationsRequest {
  /** Words, "phrases", -exclusions; the last word may be the beginning of one. */
  @IsString()
  @Length(1, MAX_SEARCH_QUERY_LENGTH)
  query!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  limit = 20;

  /** The last conversation of the page before. */
  @IsOptional()
  @IsUUID()
  after?: string;
}

export interface MatchingMessage {
  messageId: string;
  role: MessageView['role'];
  /** Some words around the best place. */
  snippet: string;
}

export interface ConversationMatch {
  conversation: ConversationView;
  /** The best ones, at most three; none when the title alone matches. */
  messages: MatchingMessage[];
}

export class GiveFeedbackRequest extends MessageRequest {
  @IsIn(RATINGS)
  rating!: Rating;

  @IsOptional()
  @IsString()
  @MaxLength(MAX_COMMENT_LENGTH)
  comment?: string | null;
}

/** Searches titles and messages of the user's own conversations; the newest conversation comes first. */
export const SearchConversations = defineRpc<Page<ConversationMatch>>()({
  name: 'chat.search-conversations.v1',
  request: SearchConversationsRequest,
});
/** Replaces what was said before. `conflict` for messages that are no answers. */
export const GiveFeedback = defineRpc<Feedback>()({ name: 'chat.give-feedback.v1', request: GiveFeedbackRequest });
export const WithdrawFeedback = defineRpc<DeletedReply>()({
  name: 'chat.withdraw-feedback.v1',
  request: MessageRequest,
});
