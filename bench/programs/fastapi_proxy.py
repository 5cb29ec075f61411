"""The bare peer of P9: FastAPI in, aiohttp out, bytes unread."""

import os
from contextlib import asynccontextmanager

import aiohttp
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

UPSTREAM = os.environ["UPSTREAM"]


@asynccontextmanager
async def lifespan(app: FastAPI):
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        app.state.session = session
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.post("/v1/{path:path}")
async def relay(path: str, request: Request):
    body = await request.body()
    headers = {"content-type": "application/json", "authorization": request.headers["authorization"]}
    answer = await app.state.session.post(f"{UPSTREAM}/v1/{path}", data=body, headers=headers)
    content_type = answer.headers["content-type"]
    if not content_type.startswith("text/event-stream"):
        content = await answer.read()
        return Response(content, status_code=answer.status, media_type=content_type)

    async def chunks():
        async with answer:
            async for chunk in answer.content.iter_any():
                yield chunk

    return StreamingResponse(chunks(), status_code=answer.status, media_type=content_type)
