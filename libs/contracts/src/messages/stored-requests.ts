import { IsIn, IsObject, IsOptional, IsString, Length } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';
import { type MessageView } from './conversations.js';
import { type Metadata } from './knowledge-bases.js';
import { REQUEST_KINDS, type RequestKind } from './request-record.js';
import { type RunView } from './run-control.js';

/** A request that was kept, and what became of it. */
export interface StoredRequestView {
  /** As the client sent it, without its messages. */
  request: Record<string, unknown>;
  run: RunView;
}

/** By the id of its run. */
export class StoredRequestRequest extends ByIdRequest {
  @IsIn(REQUEST_KINDS)
  kind!: RequestKind;
}

export class ListStoredRequestsRequest extends PageRequest {
  @IsIn(REQUEST_KINDS)
  kind!: RequestKind;

  /** The model that really answered. */
  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string;

  /** Those that have all of these pairs. */
  @IsOptional()
  @IsObject()
  metadata?: Metadata;
}

export class UpdateStoredRequestRequest extends StoredRequestRequest {
  @IsObject()
  metadata!: Metadata;
}

export class ListRequestMessagesRequest extends PageRequest {
  @IsIn(REQUEST_KINDS)
  kind!: RequestKind;

  /** The run's id. */
  @IsString()
  id!: string;
}

export const GetStoredRequest = defineRpc<StoredRequestView>()({
  name: 'chat.get-stored-request.v1',
  request: StoredRequestRequest,
});
export const ListStoredRequests = defineRpc<Page<StoredRequestView>>()({
  name: 'chat.list-stored-requests.v1',
  request: ListStoredRequestsRequest,
});
export const UpdateStoredRequest = defineRpc<StoredRequestView>()({
  name: 'chat.update-stored-request.v1',
  request: UpdateStoredRequestRequest,
});
/** With its answer, and what it added where nothing else follows that. `conflict` while the answer is being written. */
export const DeleteStoredRequest = defineRpc<DeletedReply>()({
  name: 'chat.delete-stored-request.v1',
  request: StoredRequestRequest,
});
/** All that the answer follows, results of tools included. */
export const ListRequestMessages = defineRpc<Page<MessageView>>()({
  name: 'chat.list-request-messages.v1',
  request: ListRequestMessagesRequest,
});
