import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';
import { type Metadata } from './knowledge-bases.js';

export interface AssistantView {
  id: string;
  name: string;
  instructions: string | null;
  /** The provider's model; null means the default one. */
  model: string | null;
  knowledgeBaseIds: string[];
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
