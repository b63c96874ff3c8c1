import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';
import { type Metadata } from './knowledge-bases.js';
import { RETRIEVAL_MODES, type RetrievalMode } from './runs.js';

/** As models take names; `file_search` is taken. */
export const TOOL_NAME = /^(?!file_search$)[a-zA-Z0-9_-]{1,64}$/;
export const MAX_TOOLS = 16;

/** A question to a web service that models may ask: its answer is read, and it changes nothing there. */
export class HttpToolDeclaration {
  @IsIn(['http'])
  type!: 'http';

  @Matches(TOOL_NAME)
  name!: string;

  @IsString()
  @Length(1, 1_024)
  description!: string;

  /** A JSON schema of the arguments. */
  @IsObject()
  parameters!: object;

  /** With `{argument}` in path or query; the other arguments are added to the query. */
  @IsString()
  @Length(1, 2_048)
  url!: string;

  /** Never shown to anybody again. */
  @IsOptional()
  @IsObject()
  headers?: Record<string, string>;
}

export interface AssistantView {
  id: string;
  name: string;
  instructions: string | null;
  /** The provider's model; null means the default one. */
  model: string | null;
  knowledgeBaseIds: string[];
  retrievalMode: RetrievalMode;
  tools: HttpToolDeclaration[];
  temperature: number | null;
  maxOutputTokens: number | null;
  metadata: Metadata;
  createdAt: string;
}

class AssistantFields {
  @IsOptional()
  @IsString()
  @MaxLength(32_768)
  instructions?: string | null;

  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string | null;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsUUID(undefined, { each: true })
  knowledgeBaseIds?: string[];

  @IsOptional()
  @IsIn(RETRIEVAL_MODES)
  retrievalMode?: RetrievalMode;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_TOOLS)
  @ValidateNested({ each: true })
  @Type(() => HttpToolDeclaration)
  tools?: HttpToolDeclaration[];

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number | null;

  @IsOptional()
  @IsInt()
  @Min(1)
  maxOutputTokens?: number | null;

  @IsOptional()
  @IsObject()
  metadata?: Metadata;
}

export class CreateAssistantRequest extends AssistantFields {
  @IsUUID()
  id!: string;

  @IsString()
  @Length(1, 256)
  name!: string;
}

export class UpdateAssistantRequest extends AssistantFields {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsString()
  @Length(1, 256)
  name?: string;
}

/** Knowledge bases that do not exist or belong to others are `not_found`, models that do not exist `model_not_found`. */
export const CreateAssistant = defineRpc<AssistantView>()({
  name: 'chat.create-assistant.v1',
  request: CreateAssistantRequest,
});
export const GetAssistant = defineRpc<AssistantView>()({ name: 'chat.get-assistant.v1', request: ByIdRequest });
export const ListAssistants = defineRpc<Page<AssistantView>>()({
  name: 'chat.list-assistants.v1',
  request: PageRequest,
});
export const UpdateAssistant = defineRpc<AssistantView>()({
  name: 'chat.update-assistant.v1',
  request: UpdateAssistantRequest,
});
export const DeleteAssistant = defineRpc<DeletedReply>()({ name: 'chat.delete-assistant.v1', request: ByIdRequest });

export interface ModelView {
  /** A provider's model name, or an assistant's uuid when `assistant` is true. */
  id: string;
  assistant: boolean;
  ownedBy: string;
  createdAt: string;
}

export class ListModelsRequest {}
/** The provider's models and one per assistant. */
export const ListModels = defineRpc<ModelView[]>()({ name: 'chat.list-models.v1', request: ListModelsRequest });
