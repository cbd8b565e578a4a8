import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/fonts.css';
import './styles/base.css';

// Both weights are needed for the first screen: asked for now, they are there
// when it is laid out.
void document.fonts.load('400 14px "Perch Sans"');
void document.fonts.load('600 14px "Perch Sans"');

const target = document.getElementById('perch');
if (target) mount(App, { target });
