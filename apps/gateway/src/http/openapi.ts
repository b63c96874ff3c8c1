import { type INestApplication } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from '@parley/observability';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { documentErrors } from './openapi-errors.js';
import { documentSecurity } from './openapi-security.js';

const DOCS_PATH = 'api/docs';
const DOCS_JSON_PATH = 'api/docs-json';

/** The OpenAPI document of all routes. Needs no running database or broker, only the app's modules. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Parley')
    .setDescription(
      'A self-hosted AI chatbot backend. Routes under `/v1` speak OpenAI’s protocol, errors included; all others answer errors as RFC 9457 problem details.',
    )
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', description: 'An access token from `/api/v1/auth/login`, or an API key' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key: `pk_…`' }, 'api-key')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  documentSecurity(document);
  documentErrors(document);
  return document;
}

/** `/api/docs` with its assets from this server, `/api/docs-json`, and `/docs` as the short way there. */
export function serveOpenApi(app: NestFastifyApplication): void {
  app.getHttpAdapter().get('/docs', (_request: FastifyRequest, reply: FastifyReply) => reply.redirect(`/${DOCS_PATH}`));
  SwaggerModule.setup(DOCS_PATH, app, () => createOpenApiDocument(app), {
    jsonDocumentUrl: DOCS_JSON_PATH,
    raw: ['json'],
    customSiteTitle: 'Parley API',
    swaggerOptions: { persistAuthorization: false },
  });
}
