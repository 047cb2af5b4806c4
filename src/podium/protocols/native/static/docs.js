// Beside the page, not in it: the page's security policy permits no script within HTML.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is sent to another host
});
