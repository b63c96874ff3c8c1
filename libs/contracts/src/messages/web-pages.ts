import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { type DeletedReply } from './by-id.js';
import {
  type Attributes,
  ChunkingOptions,
  DocumentRequest,
  type DocumentStatus,
  type IngestionErrorCode,
} from './knowledge-bases.js';

export const MAX_URLS_PER_REQUEST = 100;
/** A year. */
export const MAX_REFRESH_INTERVAL_HOURS = 8_760;

/** How the last look at a page that found it ended. */
export type WebPageOutcome = 'indexed' | 'unchanged';

/** A document whose file is fetched from an address. Dates are ISO 8601. */
export interface WebPageView {
  /** The id of the file is that of the page. */
  fileId: string;
  knowledgeBaseId: string;
  filename: string;
  status: DocumentStatus;
  error: { code: IngestionErrorCode; message: string } | null;
  /** 0 to 100 */
  progressPercent: number;
  chunkCount: number;
  usageBytes: number;
  attributes: Attributes;
  createdAt: string;
  url: string;
  /** Where the redirects led; null before it was fetched. */
  finalUrl: string | null;
  title: string | null;
  byline: string | null;
  /** BCP 47 */
  language: string | null;
  publishedAt: string | null;
  outcome: WebPageOutcome | null;
  /** When the content that is indexed was fetched. */
  fetchedAt: string | null;
  /** When the page was last found, changed or not. */
  lastCheckedAt: string | null;
  refreshIntervalHours: number | null;
  nextRefreshAt: string | null;
}

export class AddWebPagesRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_URLS_PER_REQUEST)
  @IsString({ each: true })
  @Length(1, 8192, { each: true })
  urls!: string[];

  @IsObject()
  attributes: Attributes = {};

  @IsOptional()
  @ValidateNested()
  @Type(() => ChunkingOptions)
  chunking?: ChunkingOptions;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_REFRESH_INTERVAL_HOURS)
  refreshIntervalHours?: number;
}

export class ListWebPagesRequest extends PageRequest {
  @IsUUID()
  knowledgeBaseId!: string;
}

export class ScheduleWebPageRequest extends DocumentRequest {
  /** Null: it is refreshed on request only. */
  @ValidateIf((request: ScheduleWebPageRequest) => request.refreshIntervalHours !== null)
  @IsInt()
  @Min(1)
  @Max(MAX_REFRESH_INTERVAL_HOURS)
  refreshIntervalHours!: number | null;
}

/** The same address twice is the same page: it is not fetched again, unless it had failed. In the order of the request. */
export const AddWebPages = defineRpc<{ data: WebPageView[] }>()({
  name: 'memory.add-web-pages.v1',
  request: AddWebPagesRequest,
});
export const GetWebPage = defineRpc<WebPageView>()({ name: 'memory.get-web-page.v1', request: DocumentRequest });
export const ListWebPages = defineRpc<Page<WebPageView>>()({
  name: 'memory.list-web-pages.v1',
  request: ListWebPagesRequest,
});
export const ScheduleWebPage = defineRpc<WebPageView>()({
  name: 'memory.schedule-web-page.v1',
  request: ScheduleWebPageRequest,
});
/** Looks whether the page has changed; while it is worked on anyway, nothing more is done. */
export const RefreshWebPage = defineRpc<WebPageView>()({
  name: 'memory.refresh-web-page.v1',
  request: DocumentRequest,
});
/** With its document and its file. */
export const DeleteWebPage = defineRpc<DeletedReply>()({
  name: 'memory.delete-web-page.v1',
  request: DocumentRequest,
});
