/** Draws the API reference from the OpenAPI document. */

window.SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, syntaxHighlight: { theme: "obsidian" } });
