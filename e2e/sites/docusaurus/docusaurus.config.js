export default {
  title: 'Harbour handbook',
  url: 'https://harbour.example',
  baseUrl: '/harbour/',
  trailingSlash: true,
  plugins: [['@docusaurus/plugin-content-docs', { routeBasePath: '/', sidebarPath: false }]],
  themes: ['@docusaurus/theme-classic', 'lateen/docusaurus'],
  themeConfig: { navbar: { title: 'Harbour handbook', items: [] } },
}
