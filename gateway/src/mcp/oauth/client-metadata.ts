/** The gateway as it introduces itself to authorization servers. */
export function clientMetadata(redirectUri: string) {
  return {
    client_name: 'RouteIQ',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'web' as const,
  }
}
