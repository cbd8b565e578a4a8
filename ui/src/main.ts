import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/fonts.css';
import './styles/base.css';

const target = document.getElementById('perch');
if (target) mount(App, { target });
